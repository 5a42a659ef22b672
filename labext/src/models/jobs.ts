/** Jobs as the server tells them: the list, the progress of those that run, and a signal when one ends. */

import { ISignal, Signal } from '@lumino/signaling';

import { IProblem, RequestError, asProblem } from '../services/errors';
import { IJob, IJobEvent, IJobsApi, ILogPiece, hasEnded } from '../services/jobs/interfaces';
import type { IChangeRequest } from '../services/plans/interfaces';
import { Model, same } from './base';
import { Coalesced } from './coalesced';
import { IProgress, further, progressOfEvent } from './progress';
import { WatchedJobs } from './watched';

const LIMIT = 50;
/** A job is asked about often while it is young: most take a second. */
const YOUNG_MS = 3000;
const MOST_WAIT_MS = 10_000;

/** Milliseconds between two questions about a young job, and about an older one. */
export interface IPace {
  readonly young: number;
  readonly old: number;
}

/** The jobs of this server. */
export class JobsModel extends Model {
  constructor(
    private readonly _api: IJobsApi,
    private readonly _watched: WatchedJobs = new WatchedJobs({ getItem: () => null, setItem: () => undefined }),
    private readonly _pace: IPace = { young: 150, old: 500 }
  ) {
    super();
  }

  /** The newest first. */
  get jobs(): readonly IJob[] {
    return this._jobs;
  }

  /** Those that have not ended; making a plan is not shown as one. */
  get live(): readonly IJob[] {
    return this._jobs.filter(job => !hasEnded(job) && job.kind !== 'plan');
  }

  /** Those that have ended, but for plans. */
  get past(): readonly IJob[] {
    return this._jobs.filter(job => hasEnded(job) && job.kind !== 'plan');
  }

  get problem(): IProblem | null {
    return this._problem;
  }

  /**
   * Emitted once for each job that this tab saw alive, or started, and that has ended; also when it ended while the tab
   * was reloading.
   */
  get ended(): ISignal<this, IJob> {
    return this._ended;
  }

  /** How far a live job is. */
  progressOf(id: string): IProgress | null {
    return this._progress.get(id) ?? null;
  }

  /** What was asked for in a job: as this tab did, else as the server knows it; `null` when it cannot be asked again. */
  requestOf(id: string): IChangeRequest | null {
    return this._watched.requestOf(id) ?? this.find(id)?.request ?? null;
  }

  find(id: string): IJob | null {
    return this._jobs.find(job => job.id === id) ?? null;
  }

  refresh(): Promise<void> {
    return this._refresh.run();
  }

  /** Take up a job that was just submitted, with what was asked for, and follow it. */
  follow(job: IJob, request: IChangeRequest | null = null): void {
    this._watched.watch(job.id, request);
    this._take([job, ...this._jobs.filter(other => other.id !== job.id)]);
  }

  /** Resolve when a followed job has ended. */
  whenEnded(job: IJob): Promise<IJob> {
    const known = this.find(job.id) ?? job;
    if (hasEnded(known)) {
      return Promise.resolve(known);
    }
    return new Promise(resolve => {
      const slot = (_: this, ended: IJob): void => {
        if (ended.id === job.id) {
          this._ended.disconnect(slot);
          resolve(ended);
        }
      };
      this._ended.connect(slot);
      this.follow(known);
    });
  }

  /** Ask a job to stop. */
  async cancel(id: string): Promise<void> {
    const job = await this._api.cancel(id);
    if (!this.isDisposed) {
      this._take(this._jobs.map(other => (other.id === id ? job : other)));
    }
  }

  /** Read a piece of a job's log from a byte on. */
  logPiece(id: string, since: number): Promise<ILogPiece> {
    return this._api.log(id, since);
  }

  override dispose(): void {
    clearTimeout(this._timer);
    super.dispose();
  }

  private async _read(): Promise<void> {
    try {
      const jobs = await this._api.list(LIMIT);
      if (!this.isDisposed) {
        const listed = new Set(jobs.map(job => job.id));
        const mine = this._jobs.filter(job => !hasEnded(job) && !listed.has(job.id));
        this._take([...mine, ...jobs.map(job => this._newer(job))]);
        this._recover();
      }
    } catch (error) {
      this._fail(error);
    }
  }

  /** A list that was read before a job ended must not bring it back to life. */
  private _newer(job: IJob): IJob {
    const known = this.find(job.id);
    return known && hasEnded(known) ? known : job;
  }

  private _take(jobs: readonly IJob[]): void {
    const changed = !same(jobs, this._jobs);
    this._jobs = jobs;
    jobs.filter(job => !hasEnded(job)).forEach(job => this._watched.watch(job.id));
    const ended = jobs.filter(job => hasEnded(job) && this._watched.isWaiting(job.id));
    ended.forEach(job => this._forget(job.id));
    if (changed) {
      this.emitChanged();
    }
    ended.forEach(job => this._ended.emit(job));
    this._schedule();
  }

  private _schedule(): void {
    const live = this._jobs.filter(job => !hasEnded(job));
    if (this._timer === undefined && !this.isDisposed && live.length > 0) {
      const young = live.some(job => Date.now() - job.created_at * 1000 < YOUNG_MS);
      const pace = young ? this._pace.young : this._pace.old;
      const wait = Math.min(pace * 2 ** this._failures, Math.max(MOST_WAIT_MS, pace));
      this._timer = setTimeout(() => void this._poll(), wait);
    }
  }

  private async _poll(): Promise<void> {
    const live = this._jobs.filter(job => !hasEnded(job));
    await Promise.all(live.map(job => this._follow(job)));
    this._timer = undefined;
    this._schedule();
  }

  private async _follow(job: IJob): Promise<void> {
    try {
      const news = await this._api.news(job.id, this._seen.get(job.id) ?? 0);
      if (!this.isDisposed) {
        const moved = this._advance(job.id, news.events);
        this._take(this._jobs.map(other => (other.id === job.id ? news.job : other)));
        if (moved) {
          this.emitChanged();
        }
        this._recover();
      }
    } catch (error) {
      if (error instanceof RequestError && error.status === 404) {
        this._take(this._jobs.filter(other => other.id !== job.id)); // cleaned away
      } else {
        this._fail(error);
      }
    }
  }

  private _advance(id: string, events: readonly IJobEvent[]): boolean {
    const last = events[events.length - 1];
    if (last) {
      this._seen.set(id, last.seq);
    }
    const steps = events.filter(event => event.kind === 'progress' || event.kind === 'phase');
    for (const event of steps) {
      this._progress.set(id, this._furtherOf(id, progressOfEvent(event)));
    }
    return steps.length > 0;
  }

  /** A build makes environment after environment: how much of it is left, nobody knows. */
  private _furtherOf(id: string, progress: IProgress): IProgress {
    return this.find(id)?.kind === 'build' ? { ...progress, fraction: null } : further(this.progressOf(id), progress);
  }

  private _recover(): void {
    this._failures = 0;
    if (this._problem) {
      this._problem = null;
      this.emitChanged();
    }
  }

  private _fail(error: unknown): void {
    this._failures += 1;
    const problem = asProblem(error);
    if (!this.isDisposed && problem.message !== this._problem?.message) {
      this._problem = problem;
      this.emitChanged();
    }
  }

  private _forget(id: string): void {
    this._watched.told(id);
    this._progress.delete(id);
    this._seen.delete(id);
  }

  private readonly _refresh = new Coalesced(() => this._read());
  private readonly _ended = new Signal<this, IJob>(this);
  private readonly _progress = new Map<string, IProgress>();
  private readonly _seen = new Map<string, number>();
  private _jobs: readonly IJob[] = [];
  private _problem: IProblem | null = null;
  private _failures = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

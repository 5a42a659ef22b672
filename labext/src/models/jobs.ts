/** Jobs as the server tells them: the list, the progress of those that run, and a signal when one ends. */

import { ISignal, Signal } from '@lumino/signaling';

import { IProblem, asProblem } from '../services/errors';
import { IJob, IJobEvent, IJobsApi, hasEnded } from '../services/jobs/interfaces';
import { Model, same } from './base';
import { Coalesced } from './coalesced';

const LIMIT = 50;
const INTERVAL_MS = 500;

/** The jobs of this server. */
export class JobsModel extends Model {
  constructor(private readonly _api: IJobsApi, private readonly _intervalMs = INTERVAL_MS) {
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

  get problem(): IProblem | null {
    return this._problem;
  }

  /** Emitted once for each job that this tab saw alive, or started, and that has ended. */
  get ended(): ISignal<this, IJob> {
    return this._ended;
  }

  /** The last that a live job told of its progress. */
  progressOf(id: string): IJobEvent | null {
    return this._progress.get(id) ?? null;
  }

  find(id: string): IJob | null {
    return this._jobs.find(job => job.id === id) ?? null;
  }

  refresh(): Promise<void> {
    return this._refresh.run();
  }

  /** Take up a job that was just submitted and follow it. */
  follow(job: IJob): void {
    this._take([job, ...this._jobs.filter(other => other.id !== job.id)]);
  }

  /** Resolve when a followed job has ended. */
  whenEnded(job: IJob): Promise<IJob> {
    const known = this.find(job.id) ?? job;
    if (hasEnded(known)) {
      return Promise.resolve(known);
    }
    this.follow(job);
    return new Promise(resolve => {
      const slot = (_: this, ended: IJob): void => {
        if (ended.id === job.id) {
          this._ended.disconnect(slot);
          resolve(ended);
        }
      };
      this._ended.connect(slot);
    });
  }

  /** Ask a job to stop. */
  async cancel(id: string): Promise<void> {
    const job = await this._api.cancel(id);
    if (!this.isDisposed) {
      this._take(this._jobs.map(other => (other.id === id ? job : other)));
    }
  }

  async log(id: string): Promise<string> {
    return (await this._api.log(id, 0)).text;
  }

  override dispose(): void {
    clearTimeout(this._timer);
    super.dispose();
  }

  private async _read(): Promise<void> {
    try {
      const jobs = await this._api.list(LIMIT);
      if (!this.isDisposed) {
        this._problem = null;
        const listed = new Set(jobs.map(job => job.id));
        const mine = this._jobs.filter(job => !hasEnded(job) && !listed.has(job.id));
        this._take([...mine, ...jobs.map(job => this._newer(job))]);
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
    const before = new Map(this._jobs.map(job => [job.id, job]));
    const changed = !same(jobs, this._jobs);
    this._jobs = jobs;
    const ended = jobs.filter(job => hasEnded(job) && before.has(job.id) && !hasEnded(before.get(job.id)!));
    ended.forEach(job => this._forget(job.id));
    if (changed) {
      this.emitChanged();
    }
    ended.forEach(job => this._ended.emit(job));
    this._schedule();
  }

  private _schedule(): void {
    if (this._timer === undefined && !this.isDisposed && this._jobs.some(job => !hasEnded(job))) {
      this._timer = setTimeout(() => void this._poll(), this._intervalMs);
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
      if (this.isDisposed) {
        return;
      }
      this._problem = null;
      const last = news.events[news.events.length - 1];
      const progress = [...news.events].reverse().find(event => event.kind === 'progress' || event.kind === 'phase');
      if (last) {
        this._seen.set(job.id, last.seq);
      }
      if (progress) {
        this._progress.set(job.id, progress);
      }
      this._take(this._jobs.map(other => (other.id === job.id ? news.job : other)));
      if (progress) {
        this.emitChanged();
      }
    } catch (error) {
      this._fail(error);
    }
  }

  private _fail(error: unknown): void {
    const problem = asProblem(error);
    if (!this.isDisposed && problem.message !== this._problem?.message) {
      this._problem = problem;
      this.emitChanged();
    }
  }

  private _forget(id: string): void {
    this._progress.delete(id);
    this._seen.delete(id);
  }

  private readonly _refresh = new Coalesced(() => this._read());
  private readonly _ended = new Signal<this, IJob>(this);
  private readonly _progress = new Map<string, IJobEvent>();
  private readonly _seen = new Map<string, number>();
  private _jobs: readonly IJob[] = [];
  private _problem: IProblem | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

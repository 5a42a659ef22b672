/** Changes of one environment on their way: planned one after the other, looked at, carried out or given up. */

import { ISignal, Signal } from '@lumino/signaling';

import type { IProblem } from '../../services/errors';
import type { IJob } from '../../services/jobs/interfaces';
import type { IChangeRequest, IConflict, IFix, IPlan, IPlansApi } from '../../services/plans/interfaces';
import { Model } from '../base';
import { fixed } from '../fixes';
import type { JobsModel } from '../jobs';
import { PlanningModel } from '../planning';

/**
 * Where the present step is: nothing asked, being planned, planned (look at it), planned but the environment has changed
 * since, being carried out, all carried out, or not possible.
 */
export type ChangesState = 'idle' | 'planning' | 'planned' | 'stale' | 'running' | 'finished' | 'failed';

const STALE = 'plan.stale';
const OUT_OF_DATE: IProblem = { code: STALE, message: '', hint: '', detail: null };

/** A sequence of requests. The next is planned when the one before it has been carried out. */
export class ChangesModel extends Model {
  constructor(private readonly _api: IPlansApi, private readonly _jobs: JobsModel) {
    super();
    this._planning = new PlanningModel(_api, _jobs);
    this._planning.changed.connect(() => this.emitChanged());
  }

  get state(): ChangesState {
    if (this._requests.length === 0) {
      return 'idle';
    }
    if (this._step === this._requests.length) {
      return 'finished';
    }
    if (this._running) {
      return 'running';
    }
    if (this._failed || this._planning.state === 'failed') {
      return this.problem?.code === STALE ? 'stale' : 'failed';
    }
    const planned = this._planning.state === 'planned';
    return planned ? (this._stale ? 'stale' : 'planned') : this._planning.state === 'idle' ? 'idle' : 'planning';
  }

  get requests(): readonly IChangeRequest[] {
    return this._requests;
  }

  /** Which request is the present one, from 0; their number when all are done. */
  get step(): number {
    return this._step;
  }

  /** The request as it was planned last, with fixes applied. */
  get request(): IChangeRequest | null {
    return this._planning.request;
  }

  get plan(): IPlan | null {
    return this._planning.plan;
  }

  /** Why the present step is not possible, or no longer. */
  get problem(): IProblem | null {
    return this._failed ?? this._planning.problem ?? (this._stale ? OUT_OF_DATE : null);
  }

  get isStale(): boolean {
    return this.state === 'stale';
  }

  get conflict(): IConflict | null {
    return this._planning.conflict;
  }

  /** The job of the step that was carried out last. */
  get job(): IJob | null {
    return this._job;
  }

  /** Emitted with the request as it was given when a step has been carried out. */
  get stepDone(): ISignal<this, IChangeRequest> {
    return this._stepDone;
  }

  /** Plan the first of some requests; what was there before is forgotten. */
  start(requests: readonly IChangeRequest[]): Promise<void> {
    this.discard();
    this._requests = requests;
    return this._preview();
  }

  /** Carry out the plan, and plan the next request when there is one. */
  async apply(): Promise<void> {
    if (this.state !== 'planned') {
      return;
    }
    const turn = this._turn;
    this._running = true;
    this.emitChanged();
    const job = await this._planning.apply();
    const ended = job && (await this._jobs.whenEnded(job));
    if (this.isDisposed || turn !== this._turn) {
      return;
    }
    this._running = false;
    this._job = ended;
    if (ended?.state === 'done') {
      await this._advance();
    } else {
      this._failed = ended ? problemOf(ended) : this._planning.problem;
      this.emitChanged();
    }
  }

  /** Take a step that changes nothing as done. */
  skip(): void {
    if (this.state === 'planned' && this.plan?.changes.length === 0) {
      void this._advance();
    }
  }

  /** Plan the present request again. */
  again(): Promise<void> {
    return this._preview(this._planning.request ?? undefined);
  }

  /** Plan the present request changed by a fix; one that leaves nothing to ask for is given up. */
  fix(fix: IFix): Promise<void> {
    const { request } = this._planning;
    if (request && fixed(request, fix).specs?.length === 0) {
      return this._advance();
    }
    this._begin();
    return this._planning.fix(fix);
  }

  /** Plan the present request with another name for one that nobody knows. */
  replace(text: string, name: string): Promise<void> {
    this._begin();
    return this._planning.replace(text, name);
  }

  /** Forget everything that has not been carried out. */
  discard(): void {
    this._requests = [];
    this._step = 0;
    this._job = null;
    this._begin();
    this._planning.discard();
    this.emitChanged();
  }

  /** The environment may have changed: ask whether the plan still holds. */
  async check(): Promise<void> {
    const plan = this._planning.plan;
    if (!plan || this.state !== 'planned') {
      return;
    }
    const turn = this._turn;
    // A plan that the server no longer has cannot be carried out either.
    const stale = await this._api.get(plan.plan_id).then(
      answer => answer.stale,
      error => 'status' in error && error.status === 404
    );
    if (turn === this._turn && stale !== this._stale) {
      this._stale = stale;
      this.emitChanged();
    }
  }

  override dispose(): void {
    this._planning.dispose();
    super.dispose();
  }

  private async _advance(): Promise<void> {
    const done = this._requests[this._step];
    this._step += 1;
    if (done) {
      this._stepDone.emit(done);
    }
    if (this._step < this._requests.length) {
      await this._preview();
    } else if (this._job) {
      this.emitChanged();
    } else {
      this.discard(); // nothing was carried out
    }
  }

  private async _preview(request = this._requests[this._step]): Promise<void> {
    if (request) {
      this._begin();
      await this._planning.preview(request);
    }
  }

  private _begin(): void {
    this._turn += 1;
    this._stale = false;
    this._running = false;
    this._failed = null;
  }

  private readonly _planning: PlanningModel;
  private readonly _stepDone = new Signal<this, IChangeRequest>(this);
  private _requests: readonly IChangeRequest[] = [];
  private _step = 0;
  private _turn = 0;
  private _stale = false;
  private _running = false;
  private _failed: IProblem | null = null;
  private _job: IJob | null = null;
}

/** Why a job failed; of one that was stopped only that it was, which those who draw put into words. */
function problemOf(job: IJob): IProblem {
  const error = job.state === 'failed' ? job.error : null;
  return error ?? { code: `job.${job.state}`, message: '', hint: '', detail: null };
}

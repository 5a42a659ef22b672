/** One change on its way: asked for, planned, looked at, carried out or given up. */

import { IProblem, asProblem } from '../services/errors';
import type { IJob } from '../services/jobs/interfaces';
import type { IChangeRequest, IConflict, IFix, IPlan, IPlansApi } from '../services/plans/interfaces';
import { findConflict } from '../services/plans/validate';
import { Model } from './base';
import type { JobsModel } from './jobs';
import { fixed, replaced } from './fixes';

export type PlanningState = 'idle' | 'planning' | 'planned' | 'failed' | 'submitting' | 'submitted';

/** A request and the plan that was made of it. */
export class PlanningModel extends Model {
  constructor(
    private readonly _api: IPlansApi,
    private readonly _jobs: JobsModel
  ) {
    super();
  }

  get state(): PlanningState {
    return this._state;
  }
  get request(): IChangeRequest | null {
    return this._request;
  }
  get plan(): IPlan | null {
    return this._plan;
  }
  get problem(): IProblem | null {
    return this._problem;
  }
  get conflict(): IConflict | null {
    return this._problem ? findConflict(this._problem.detail) : null;
  }
  /** Whether the environment changed after the plan was made: then only a new plan helps. */
  get isStale(): boolean {
    return this._problem?.code === 'plan.stale';
  }

  /** Whether the environment was deleted or renamed behind the request's back: then no plan helps. */
  get isGone(): boolean {
    return this._problem?.code === 'not_found.environment';
  }

  /** Plan a request; an earlier one is forgotten. */
  async preview(request: IChangeRequest): Promise<void> {
    const turn = this._begin(request);
    try {
      const job = await this._api.plan(request);
      if (turn !== this._turn) {
        this._cancel(job);
        return;
      }
      this._job = job;
      const ended = await this._jobs.whenEnded(job);
      if (!ended.result) {
        throw ended.error ?? { code: ended.state, message: `Planning was ${ended.state}`, hint: '', detail: null };
      }
      const plan = await this._api.get(ended.result.plan_id);
      this._settle(turn, 'planned', plan, null);
    } catch (error) {
      this._settle(turn, 'failed', null, problemOf(error));
    }
  }

  /** Carry out the plan; the job is followed by the jobs model. `null` when it was refused. */
  async apply(): Promise<IJob | null> {
    if (!this._plan || this._state !== 'planned') {
      return null;
    }
    const turn = this._turn;
    this._settle(turn, 'submitting', this._plan, null);
    try {
      const job = await this._api.execute(this._plan.plan_id);
      this._jobs.follow(job, this._request);
      this._settle(turn, 'submitted', this._plan, null);
      return job;
    } catch (error) {
      this._settle(turn, 'failed', null, problemOf(error));
      return null;
    }
  }

  /** Show a request that could not be planned in a job elsewhere. */
  show(request: IChangeRequest, problem: IProblem): void {
    const turn = this._begin(request);
    this._settle(turn, 'failed', null, problem);
  }

  /** Plan the request changed by a fix. */
  fix(fix: IFix): Promise<void> {
    return this._request ? this.preview(fixed(this._request, fix)) : Promise.resolve();
  }

  /** Plan the request with another name for one that nobody knows. */
  replace(text: string, name: string): Promise<void> {
    return this._request ? this.preview(replaced(this._request, text, name)) : Promise.resolve();
  }

  /** Plan the same request again. */
  retry(): Promise<void> {
    return this._request ? this.preview(this._request) : Promise.resolve();
  }

  /** Forget the request; a plan that is being made is cancelled. */
  discard(): void {
    if (this._state === 'planning' && this._job) {
      this._cancel(this._job);
    }
    this._turn += 1;
    this._request = null;
    this._settle(this._turn, 'idle', null, null);
  }

  private _cancel(job: IJob): void {
    this._jobs.cancel(job.id).catch(error => console.warn('The planning could not be cancelled', error));
  }

  private _begin(request: IChangeRequest): number {
    this._turn += 1;
    this._request = request;
    this._job = null;
    this._settle(this._turn, 'planning', null, null);
    return this._turn;
  }

  private _settle(turn: number, state: PlanningState, plan: IPlan | null, problem: IProblem | null): void {
    if (this.isDisposed || turn !== this._turn) {
      return;
    }
    this._state = state;
    this._plan = plan;
    this._problem = problem;
    this.emitChanged();
  }

  private _state: PlanningState = 'idle';
  private _request: IChangeRequest | null = null;
  private _plan: IPlan | null = null;
  private _problem: IProblem | null = null;
  private _job: IJob | null = null;
  private _turn = 0;
}

function problemOf(error: unknown): IProblem {
  const known = typeof error === 'object' && error !== null && 'message' in error && 'code' in error;
  return known ? (error as IProblem) : asProblem(error);
}

/** Whether a plan takes nothing away from anybody: no package is removed or goes back, and nothing is warned of. Pure. */
export function isHarmless(plan: IPlan): boolean {
  const takes = plan.changes.some(change => change.kind === 'removed' || change.kind === 'downgraded');
  return !takes && plan.warnings.length === 0 && plan.link_scripts.length === 0;
}

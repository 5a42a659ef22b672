/** Packages for an environment on their way: what was asked for, and the plan that is made of it. */

import type { IApi } from '../services';
import type { IEnvironment } from '../services/environments/interfaces';
import type { IJob } from '../services/jobs/interfaces';
import type { IChangeRequest } from '../services/plans/interfaces';
import { Model } from './base';
import type { JobsModel } from './jobs';
import { PlanningModel, isHarmless } from './planning';
import { SuggestionsModel } from './suggestions';

/** What the models around give. */
export interface IInstallContext {
  readonly api: Pick<IApi, 'catalogue' | 'plans'>;
  readonly jobs: JobsModel;
}

/** The form, and its plan. */
export class InstallModel extends Model {
  constructor(
    context: IInstallContext,
    private readonly _environment: IEnvironment
  ) {
    super();
    this.planning = new PlanningModel(context.api.plans, context.jobs);
    this.suggestions = new SuggestionsModel(context.api.catalogue, _environment.id);
    for (const part of [this.planning, this.suggestions]) {
      (part as Model).changed.connect(this.emitChanged, this);
    }
  }

  readonly planning: PlanningModel;
  readonly suggestions: SuggestionsModel;

  get specs(): readonly string[] {
    return this._specs;
  }
  set specs(value: readonly string[]) {
    this._specs = value;
    this.emitChanged();
  }

  /** Whether there is something to plan. */
  get isComplete(): boolean {
    return this._specs.length > 0;
  }

  /** Whether the plan takes nothing away from anybody. */
  get isHarmless(): boolean {
    const { plan, state } = this.planning;
    return state === 'planned' && plan !== null && isHarmless(plan);
  }

  /** Plan what was asked for. */
  preview(): Promise<void> {
    const request: IChangeRequest = { action: 'install', environment: this._environment.id, specs: this._specs };
    return this.isComplete ? this.planning.preview(request) : Promise.resolve();
  }

  /** Carry it out; `null` when that was refused. */
  apply(): Promise<IJob | null> {
    return this.planning.apply();
  }

  /** Go back to the form; what fixes have changed stays. */
  back(): void {
    this._specs = this.planning.request?.specs ?? this._specs;
    this.planning.discard();
  }

  override dispose(): void {
    this.planning.dispose();
    this.suggestions.dispose();
    super.dispose();
  }

  private _specs: readonly string[] = [];
}

/**
 * Plans of a notebook's environment, behind the interface of all plans: the server puts the request together from the
 * notebook, and says how the plan differs from the lock. A request that was changed by a fix is planned as any other.
 */

import type { IJob } from '../../services/jobs/interfaces';
import type { INotebookAnswer, INotebookContent, INotebooksApi } from '../../services/notebooks/interfaces';
import type { IChangeRequest, IPackageChange, IPlan, IPlansApi } from '../../services/plans/interfaces';

/** Plans one notebook's environment. */
export class NotebookPlans implements IPlansApi {
  constructor(
    private readonly _plans: IPlansApi,
    private readonly _notebooks: Pick<INotebooksApi, 'plan' | 'difference'>,
    private readonly _notebook: INotebookContent,
    answer: INotebookAnswer,
    private readonly _file = ''
  ) {
    const { name, requested, channels } = answer;
    this.request = { action: 'create', name: name || undefined, specs: requested, channels };
    this._locked = !_file && answer.because !== '';
  }

  /** What stands for the notebook's own request, which only the server knows. */
  readonly request: IChangeRequest;

  /** The versions that are others than those that were locked; `null` while that is not known, or needs no word. */
  get difference(): readonly IPackageChange[] | null {
    return this._difference;
  }

  plan(request: IChangeRequest): Promise<IJob> {
    return request === this.request ? this._notebooks.plan(this._notebook, this._file) : this._plans.plan(request);
  }

  async get(planId: string): Promise<IPlan> {
    const plan = await this._plans.get(planId);
    this._difference = this._locked ? await this._notebooks.difference(this._notebook, planId) : null;
    return plan;
  }

  execute(planId: string): Promise<IJob> {
    return this._plans.execute(planId);
  }

  change(request: IChangeRequest): Promise<IJob> {
    return this._plans.change(request);
  }

  private readonly _locked: boolean;
  private _difference: readonly IPackageChange[] | null = null;
}

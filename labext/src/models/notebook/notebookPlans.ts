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
    private readonly _file = '',
    private readonly _agreed: readonly string[] = []
  ) {
    const { name, requested, channels } = answer;
    this.request = { action: 'create', name: name || undefined, specs: requested, channels };
    this._solved = answer.because !== '';
    this._hosts = _file ? [] : answer.hosts;
  }

  /** What stands for the notebook's own request, which only the server knows. */
  readonly request: IChangeRequest;

  /** The versions that are others than those that were locked; `null` while that is not known, or needs no word. */
  get difference(): readonly IPackageChange[] | null {
    return this._difference;
  }

  /** The servers that the planned packages are downloaded from, as far as the lock says. */
  get hosts(): readonly string[] {
    return this._downloads ? this._hosts : [];
  }

  /** Those of them that neither the settings nor their indexes name. */
  get foreignHosts(): readonly string[] {
    return this._foreignHosts;
  }

  /** How many packages may bring scripts that the plan cannot name yet. */
  get scriptsUnknown(): number {
    return this._scriptsUnknown;
  }

  plan(request: IChangeRequest): Promise<IJob> {
    return request === this.request
      ? this._notebooks.plan(this._notebook, this._file, this._agreed)
      : this._plans.plan(request);
  }

  /** The plan; of scripts that it cannot name, the note above it tells. */
  async get(planId: string): Promise<IPlan> {
    const plan = await this._plans.get(planId);
    this._scriptsUnknown = plan.scripts_unknown;
    this._downloads = plan.download_bytes > 0;
    if (!this._file && (this._solved || this._downloads)) {
      const found = await this._notebooks.difference(this._notebook, planId);
      this._difference = this._solved ? found.changes : null;
      this._foreignHosts = found.foreign_hosts;
    }
    return { ...plan, scripts_unknown: 0 };
  }

  /** Only scripts that were shown are run. */
  execute(planId: string): Promise<IJob> {
    return this._plans.execute(planId, true);
  }

  change(request: IChangeRequest): Promise<IJob> {
    return this._plans.change(request);
  }

  private readonly _solved: boolean;
  private readonly _hosts: readonly string[];
  private _foreignHosts: readonly string[] = [];
  private _downloads = false;
  private _scriptsUnknown = 0;
  private _difference: readonly IPackageChange[] | null = null;
}

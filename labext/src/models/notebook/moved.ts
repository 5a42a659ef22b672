/** Where the environment of a running kernel is after it was renamed, and the kernel to use instead. Pure, then a model. */

import type { IEnvironment } from '../../services/environments/interfaces';
import type { IJob, IJobResult } from '../../services/jobs/interfaces';
import { Model, same } from '../base';
import type { EnvironmentsModel } from '../environments';
import type { JobsModel } from '../jobs';
import type { INotebookKernel } from './kernel';

export interface IMove {
  /** What the environment was called. */
  readonly from: string;
  /** What it is called now. */
  readonly to: string;
  /** The kernel that takes the place of the one that is gone; empty when it has none. */
  readonly kernel: string;
}

type Known = Pick<INotebookKernel, 'id' | 'name' | 'path' | 'known'>;

/**
 * Follow the renames that the jobs tell of, the newest first, to an environment that is there. A page that was loaded
 * after a rename does not know the kernel's path: then its name tells.
 */
export function moveOf(kernel: Known, jobs: readonly IJob[], environments: readonly IEnvironment[]): IMove | null {
  if (!kernel.id || kernel.known || environments.some(({ path }) => path === kernel.path)) {
    return null;
  }
  const renames = jobs.flatMap(job => (job.kind === 'rename' && job.result ? [{ job, result: job.result }] : []));
  const at = renames.findIndex(({ job, result }) =>
    kernel.path ? job.path === kernel.path : result.old_kernels.includes(kernel.name)
  );
  const first = renames[at];
  if (!first) {
    return null;
  }
  const later = renames.slice(0, at).reverse();
  const path = later.reduce((from, { job, result }) => (job.path === from ? result.prefix : from), first.result.prefix);
  const environment = environments.find(other => other.path === path);
  return environment ? { from: first.job.name, to: environment.name, kernel: kernelOf(kernel, first.result, environment) } : null;
}

/** Of several kernels (Python's and R's, say) the one in the same place: all are named after their environment. */
function kernelOf(kernel: Known, result: IJobResult, environment: IEnvironment): string {
  return environment.kernels[result.old_kernels.indexOf(kernel.name)] ?? environment.kernels[0] ?? '';
}

/** Follows one kernel, the list of environments and the jobs. */
export class MovedModel extends Model {
  constructor(
    private readonly _kernel: INotebookKernel,
    private readonly _environments: EnvironmentsModel,
    private readonly _jobs: Pick<JobsModel, 'jobs' | 'changed'>
  ) {
    super();
    _kernel.changed.connect(this._update, this);
    _environments.changed.connect(this._update, this);
    _jobs.changed.connect(this._update, this);
    this._update();
  }

  /** Where the environment is now; `null` when it is where the kernel found it, or nobody knows. */
  get move(): IMove | null {
    return this._move;
  }

  private _update(): void {
    const move = moveOf(this._kernel, this._jobs.jobs, this._environments.environments ?? []);
    if (!same(move, this._move)) {
      this._move = move;
      this.emitChanged();
    }
  }

  private _move: IMove | null = null;
}

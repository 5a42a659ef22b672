/** Which environment a notebook's kernel runs in, as one word and what stands beside it. Pure, then a model around it. */

import type { IEnvironment } from '../../services/environments/interfaces';
import { Model } from '../base';
import type { EnvironmentsModel } from '../environments';
import type { INotebookKernel } from './kernel';

/**
 * - `none`: no kernel, or not known yet
 * - `managed`: one of our list
 * - `gone`: it was renamed or deleted while the kernel ran: its path, or the kernel's name when the page was loaded after
 * - `unmanaged`: a kernel that names no environment, or one that is not listed
 */
export type Whereabouts =
  | { readonly kind: 'none' | 'unmanaged' }
  | { readonly kind: 'managed'; readonly environment: IEnvironment }
  | { readonly kind: 'gone'; readonly path: string };

/** Say where a kernel runs, given the list of environments (`null`: not read yet). */
export function whereabouts(
  kernel: Pick<INotebookKernel, 'id' | 'name' | 'path' | 'known'>,
  environments: readonly IEnvironment[] | null
): Whereabouts {
  if (!kernel.id || !environments) {
    return { kind: 'none' };
  }
  const environment = kernel.path ? environments.find(({ path }) => path === kernel.path) : undefined;
  if (environment) {
    return { kind: 'managed', environment };
  }
  return kernel.known ? { kind: 'unmanaged' } : { kind: 'gone', path: kernel.path || kernel.name };
}

/** Follows one notebook's kernel and the list of environments. */
export class KernelEnvironmentModel extends Model {
  constructor(
    private readonly _kernel: INotebookKernel,
    private readonly _environments: EnvironmentsModel
  ) {
    super();
    _kernel.changed.connect(this._update, this);
    _environments.changed.connect(this._update, this);
    this._update();
  }

  get where(): Whereabouts {
    return this._where;
  }

  private _update(): void {
    const where = whereabouts(this._kernel, this._environments.environments);
    if (JSON.stringify(where) !== JSON.stringify(this._where)) {
      this._where = where;
      this.emitChanged();
    }
  }

  private _where: Whereabouts = { kind: 'none' };
}

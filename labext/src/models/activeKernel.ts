/** Follows the active notebook to the environment that its kernel runs in. Owns the connections to one session at a time. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { KernelSpec } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { EnvironmentsModel } from './environments';
import { pathOfKernel } from './kernels';

type Session = NonNullable<INotebookTracker['currentWidget']>['sessionContext'];

/** Keeps `EnvironmentsModel.activePath` true. */
export class ActiveKernel implements IDisposable {
  constructor(
    private readonly _notebooks: INotebookTracker,
    private readonly _kernelspecs: KernelSpec.IManager,
    private readonly _environments: EnvironmentsModel
  ) {
    _notebooks.currentChanged.connect(this._switch, this);
    _kernelspecs.specsChanged.connect(this._update, this);
    this._switch();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _switch(): void {
    const session = this._notebooks.currentWidget?.sessionContext ?? null;
    if (session !== this._session) {
      this._session?.kernelChanged.disconnect(this._update, this);
      this._session = session;
      session?.kernelChanged.connect(this._update, this);
    }
    this._update();
  }

  private _update(): void {
    const session = this._session;
    const kernel = session?.isDisposed ? undefined : session?.session?.kernel?.name;
    this._environments.activePath = pathOfKernel(this._kernelspecs.specs, kernel);
  }

  private _session: Session | null = null;
  private _isDisposed = false;
}

/** The kernels that are registered for an environment, and the variables they start with. */

import { IProblem, asProblem } from '../../services/errors';
import type { IEnvironmentsApi, IKernels } from '../../services/environments/interfaces';
import { Model } from '../base';
import { Resource } from './resource';

export class KernelsModel extends Model {
  constructor(
    private readonly _api: IEnvironmentsApi,
    private readonly _id: () => string,
    private readonly _onChange: () => void
  ) {
    super();
    this.kernels.changed.connect(() => this.emitChanged());
  }

  readonly kernels = new Resource<IKernels>(() => this._api.kernels(this._id()));

  /** Whether kernels are being registered or removed. */
  get working(): boolean {
    return this._working;
  }

  get problem(): IProblem | null {
    return this._problem;
  }

  show(): Promise<void> {
    return this.kernels.ensure();
  }

  invalidate(): void {
    this.kernels.invalidate();
  }

  /** Put the environment's kernels into the launcher. */
  register(): Promise<void> {
    return this._work(async () => this.kernels.set(await this._api.registerKernels(this._id())));
  }

  /** Take them out of it. */
  remove(): Promise<void> {
    return this._work(async () => {
      await this._api.removeKernels(this._id());
      await this.kernels.refresh();
    });
  }

  override dispose(): void {
    this.kernels.dispose();
    super.dispose();
  }

  private async _work(work: () => Promise<void>): Promise<void> {
    this._settle(true, null);
    try {
      await work();
      this._settle(false, null);
      this._onChange();
    } catch (error) {
      this._settle(false, asProblem(error));
    }
  }

  private _settle(working: boolean, problem: IProblem | null): void {
    this._working = working;
    this._problem = problem;
    this.emitChanged();
  }

  private _working = false;
  private _problem: IProblem | null = null;
}

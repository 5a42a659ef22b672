/** What can be done about one missing module: which package brings it, whether it is there by now, installing it. */

import type { ICatalogueApi } from '../../services/catalogue/interfaces';
import type { IEnvironment, IEnvironmentsApi } from '../../services/environments/interfaces';
import type { IJob } from '../../services/jobs/interfaces';
import { Model } from '../base';
import { lastingObstacleOf } from '../changeable';
import { Coalesced } from '../coalesced';
import type { EnvironmentsModel } from '../environments';
import type { INotebookKernel } from './kernel';
import { IMissingModule, samePackage } from './missingModule';

/**
 * - `none`: nothing helpful is known
 * - `offer`: the package is not in the environment
 * - `clone`: nor can it get there, because the environment is shared; a clone could have it
 * - `cloned`: such a clone has been made, and its kernel can be used instead
 * - `asked`: a preview is being looked at, or the change is under way
 * - `installed`: it is there now; the cell would find it
 */
export type SuggestionState = 'none' | 'offer' | 'clone' | 'cloned' | 'asked' | 'installed';

/** A clone that was made here, and the name of its kernel. */
export interface ICloned {
  readonly name: string;
  readonly kernel: string;
}

export interface ISuggestionOptions {
  readonly missing: IMissingModule;
  /** Whether the cell has run just now: then a package that is there already does not bring the module after all. */
  readonly fresh: boolean;
  readonly kernel: INotebookKernel;
  readonly environments: EnvironmentsModel;
  readonly api: {
    readonly catalogue: Pick<ICatalogueApi, 'ownerOf'>;
    readonly environments: Pick<IEnvironmentsApi, 'packages'>;
  };
  /** Show a preview and carry it out; `null` when the person thought better of it. */
  readonly install: (environment: IEnvironment, name: string) => Promise<IJob | null>;
  /** Ask for a clone and make it; `null` when the person thought better of it. */
  readonly clone: (environment: IEnvironment) => Promise<IJob | null>;
}

/** The suggestion below one cell. It follows the kernel and the environment until it is disposed. */
export class SuggestionModel extends Model {
  constructor(private readonly _options: ISuggestionOptions) {
    super();
    _options.kernel.changed.connect(this._look, this);
    _options.environments.changed.connect(this._look, this);
    this._look();
  }

  get state(): SuggestionState {
    if (this._asked) {
      return 'asked';
    }
    return this._state === 'clone' && this._cloned ? 'cloned' : this._state;
  }

  /** The clone that was made of the environment; `null` when none was. */
  get cloned(): ICloned | null {
    return this._cloned;
  }

  get module(): string {
    return this._options.missing.module;
  }

  /** The package that brings the module; empty while it is not known. */
  get package(): string {
    return this._package;
  }

  /** The environment that the package would go into. */
  get environment(): IEnvironment | null {
    return this._environment;
  }

  /** Ask for the preview; resolves when the person has decided and the change, if any, has ended. */
  async install(): Promise<void> {
    const environment = this._environment;
    if (this.state === 'offer' && environment) {
      await this._ask(() => this._options.install(environment, this._package));
    }
  }

  /** Ask for a clone of the environment; resolves as `install` does. */
  async clone(): Promise<void> {
    const environment = this._environment;
    if (this.state !== 'clone' || !environment) {
      return;
    }
    await this._ask(async () => {
      const job = await this._options.clone(environment);
      const kernel = job?.state === 'done' ? job.result?.kernels[0] : undefined;
      this._cloned = job && kernel ? { name: job.name, kernel } : null;
    });
  }

  private async _ask(work: () => Promise<unknown>): Promise<void> {
    this._asked = true;
    this.emitChanged();
    try {
      await work();
    } finally {
      this._asked = false;
      this._key = '';
      this.emitChanged();
      this._look();
    }
  }

  private _look(): void {
    const environment = this._target();
    const key = environment ? `${environment.id} ${environment.generation}` : 'nowhere';
    if (key !== this._key) {
      this._key = key;
      void this._read.run();
    }
  }

  /** The environment of the kernel, if something can be installed there or into a clone of it. */
  private _target(): IEnvironment | null {
    const { kernel, environments } = this._options;
    const found = kernel.path ? environments.findByPath(kernel.path) : null;
    const obstacle = found && lastingObstacleOf(found);
    return obstacle === null || obstacle === 'shared' ? found : null;
  }

  private async _decide(): Promise<void> {
    const environment = this._target();
    const [state, name] = environment ? await this._judge(environment) : (['none', ''] as const);
    const useless = state === 'installed' && this._options.fresh && this._state === 'none';
    if (!this.isDisposed && !useless) {
      this._environment = environment;
      this._state = state;
      this._package = name;
      this.emitChanged();
    }
  }

  private async _judge(environment: IEnvironment): Promise<readonly [SuggestionState, string]> {
    const { missing, api } = this._options;
    try {
      const owner = await api.catalogue.ownerOf(missing.module, environment.id);
      // Python did find `a` before it missed `a.b`: a guess by the name `a` helps nobody.
      if (missing.module !== missing.top && samePackage(owner.package, missing.top)) {
        return ['none', ''];
      }
      const packages = await api.environments.packages(environment.id);
      const candidates = [owner.package, ...owner.alternatives];
      const name = candidates.find(candidate => packages.some(({ name }) => samePackage(name, candidate)));
      if (name === undefined) {
        return [lastingObstacleOf(environment) ? 'clone' : 'offer', owner.package];
      }
      // The package is there but has no such part: installing it again would change nothing.
      return [missing.module === missing.top ? 'installed' : 'none', name];
    } catch (error) {
      console.warn(`Nothing is known about the module ${missing.module}`, error);
      return ['none', ''];
    }
  }

  private readonly _read = new Coalesced(() => this._decide());
  private _key = '';
  private _state: SuggestionState = 'none';
  private _asked = false;
  private _package = '';
  private _environment: IEnvironment | null = null;
  private _cloned: ICloned | null = null;
}

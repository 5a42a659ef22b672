/** After a change of its environment: what a running kernel has imported that is another now. Silent when nothing is. */

import type { IEnvironment, IEnvironmentsApi, IStaleModule } from '../../services/environments/interfaces';
import { Model, same } from '../base';
import { Coalesced } from '../coalesced';
import type { EnvironmentsModel } from '../environments';
import { Imports, MODULES_EXPRESSION, parseModules } from './imports';
import type { INotebookKernel } from './kernel';
import { samePackage } from './missingModule';

/**
 * Follows one kernel and its environment. Whoever changed the environment, its generation tells; the kernel is asked
 * once for each, when it is idle. Other languages than Python are left alone.
 */
export class StaleModel extends Model {
  constructor(
    private readonly _kernel: INotebookKernel,
    private readonly _environments: EnvironmentsModel,
    private readonly _api: Pick<IEnvironmentsApi, 'staleModules'>
  ) {
    super();
    _kernel.changed.connect(this._look, this);
    _kernel.restarted.connect(this._onRestarted, this);
    _environments.changed.connect(this._look, this);
    this._look();
  }

  /** The modules that a restart would renew; empty also when the person does not want to know. */
  get modules(): readonly IStaleModule[] {
    return this._dismissed === this._generation ? [] : this._modules;
  }

  /** The environment that the kernel runs in. */
  get environment(): IEnvironment | null {
    return this._kernel.path ? this._environments.findByPath(this._kernel.path) : null;
  }

  /** Say no more until the environment changes again. */
  dismiss(): void {
    this._dismissed = this._generation;
    this.emitChanged();
  }

  /** A new process: it has read the environment as it is now, which the list may not have told yet. */
  private _onRestarted(): void {
    this._imports = null;
    this._starting = true;
    this._show([], 0);
    const id = this._kernel.id;
    void this._environments.refresh().then(() => {
      if (!this.isDisposed && this._kernel.id === id) {
        this._starting = false;
        this._look();
      }
    });
  }

  private _look(): void {
    const environment = this.environment;
    if (!environment && this._environments.environments) {
      this._show([], 0); // renamed or deleted: a restart would find nothing to start
    }
    if (this._starting || !environment || !this._kernel.id || this._kernel.language.toLowerCase() !== 'python') {
      return;
    }
    if (!this._imports || environment.generation < this._imports.generation) {
      this._imports = new Imports(environment.generation);
    } else if (environment.generation > this._imports.generation && this._kernel.idle) {
      void this._check.run();
    }
  }

  private async _ask(): Promise<void> {
    const imports = this._imports;
    const environment = this.environment;
    if (!imports || !environment || environment.generation <= imports.generation) {
      return;
    }
    const text = await this._kernel.evaluate(MODULES_EXPRESSION);
    if (text === null || imports !== this._imports) {
      return;
    }
    const groups = imports.take(parseModules(text), environment.generation);
    try {
      const answers = [...groups].map(([since, modules]) => this._api.staleModules(environment.id, modules, since));
      const modules = (await Promise.all(answers)).flat();
      if (imports === this._imports) {
        this._show(modules, environment.generation);
      }
    } catch (error) {
      console.warn('The server did not say which modules have changed', error);
    }
  }

  private _show(modules: readonly IStaleModule[], generation: number): void {
    const before = this.modules;
    this._modules = modules;
    this._generation = generation;
    if (!same(before, this.modules)) {
      this.emitChanged();
    }
  }

  private readonly _check = new Coalesced(() => this._ask());
  private _imports: Imports | null = null;
  private _starting = false;
  private _modules: readonly IStaleModule[] = [];
  private _generation = 0;
  private _dismissed = -1;
}

/** One name for each package that has changed: its module as people write it, rather than a part with an underscore. */
export function namesOf(modules: readonly IStaleModule[]): string[] {
  const byPackage = new Map<string, string>();
  for (const { package: owner, module } of modules) {
    const known = byPackage.get(owner);
    if (known === undefined || rank(module, owner) < rank(known, owner)) {
      byPackage.set(owner, module);
    }
  }
  return [...byPackage.values()].sort((left, right) => left.localeCompare(right));
}

/** The lower, the more telling. */
function rank(module: string, owner: string): number {
  return (samePackage(module, owner) ? 0 : 1) + (module.startsWith('_') ? 2 : 0);
}

/** The list of environments, kept in line with the server. */

import { IProblem, asProblem } from '../services/errors';
import type { IEnvironment, IEnvironmentsApi } from '../services/environments/interfaces';
import { Model, same } from './base';
import { Coalesced } from './coalesced';

/** All environments, and the one that the active notebook's kernel runs in. */
export class EnvironmentsModel extends Model {
  constructor(private readonly _api: IEnvironmentsApi) {
    super();
  }

  /** `null` until the first answer. */
  get environments(): readonly IEnvironment[] | null {
    return this._environments;
  }

  /** Why the list could not be read; `null` when it was. */
  get problem(): IProblem | null {
    return this._problem;
  }

  /** The prefix of the active notebook's kernel; empty when there is none. */
  get activePath(): string {
    return this._activePath;
  }

  set activePath(path: string) {
    if (path !== this._activePath) {
      this._activePath = path;
      this.emitChanged();
    }
  }

  /** The environment of the active notebook's kernel. */
  get active(): IEnvironment | null {
    return this._activePath ? this.findByPath(this._activePath) : null;
  }

  find(id: string): IEnvironment | null {
    return this._environments?.find(environment => environment.id === id) ?? null;
  }

  findByPath(path: string): IEnvironment | null {
    return this._environments?.find(environment => environment.path === path) ?? null;
  }

  /** An environment was measured: it takes so many bytes until it changes. */
  measured(environment: IEnvironment, size: number): void {
    this._sizes.set(environment.id, { modified: environment.modified, size });
    this._set(this._environments?.map(other => this._withSize(other)) ?? null, this._problem);
  }

  /** Read the list again. */
  refresh(): Promise<void> {
    return this._refresh.run();
  }

  private async _read(): Promise<void> {
    try {
      const environments = await this._api.list();
      this._set(
        environments.map(environment => this._withSize(environment)),
        null
      );
    } catch (error) {
      this._set(this._environments, asProblem(error));
    }
  }

  /** A size that was measured before the environment changed says nothing any more. */
  private _withSize(environment: IEnvironment): IEnvironment {
    const known = this._sizes.get(environment.id);
    const size = known && known.modified === environment.modified ? known.size : null;
    return size === environment.size ? environment : { ...environment, size };
  }

  private _set(environments: readonly IEnvironment[] | null, problem: IProblem | null): void {
    if (this.isDisposed || (same(environments, this._environments) && same(problem?.message, this._problem?.message))) {
      return;
    }
    this._environments = environments;
    this._problem = problem;
    this.emitChanged();
  }

  private readonly _refresh = new Coalesced(() => this._read());
  private readonly _sizes = new Map<string, { readonly modified: number; readonly size: number }>();
  private _environments: readonly IEnvironment[] | null = null;
  private _problem: IProblem | null = null;
  private _activePath = '';
}

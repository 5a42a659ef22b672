/**
 * Measures what environments take on the disk, so that the list can say it. A measurement walks a whole tree: one runs at
 * a time, with pauses, only while the list is looked at, and again only when an environment has changed.
 */

import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { IEnvironment, IEnvironmentsApi } from '../services/environments/interfaces';
import type { EnvironmentsModel } from './environments';

const PAUSE_MS = 400;

/** Keeps the sizes in an `EnvironmentsModel` filled. */
export class Measuring implements IDisposable {
  constructor(
    private readonly _environments: EnvironmentsModel,
    private readonly _api: Pick<IEnvironmentsApi, 'disk'>,
    private readonly _isWatched: () => boolean,
    private readonly _pauseMs = PAUSE_MS
  ) {
    _environments.changed.connect(this.wake, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Go on, if anybody looks and anything is left. */
  wake(): void {
    if (this._timer === undefined && !this._isDisposed && this._isWatched() && this._next()) {
      this._timer = setTimeout(() => void this._measure(), this._pauseMs);
    }
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private _next(): IEnvironment | undefined {
    return (this._environments.environments ?? []).find(
      environment =>
        environment.size === null && !environment.busy && isOwn(environment) && !this._failed.has(environment.id)
    );
  }

  private async _measure(): Promise<void> {
    const environment = this._next();
    try {
      if (environment) {
        const usage = await this._api.disk(environment.id);
        this._environments.measured(environment, usage.unique);
      }
    } catch (error) {
      this._failed.add(environment!.id);
      console.warn(`${environment!.name} could not be measured`, error);
    }
    this._timer = undefined;
    this.wake();
  }

  private readonly _failed = new Set<string>();
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isDisposed = false;
}

/** What others publish, or another tool keeps, takes nothing of what is the user's. */
function isOwn(environment: IEnvironment): boolean {
  return !environment.external && environment.kind !== 'shared';
}

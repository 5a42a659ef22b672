/** What all models share: a signal that something has changed, and an end. */

import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

/** State that others draw. */
export abstract class Model implements IDisposable {
  /** Emitted after the state has changed, never otherwise. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** How often the state has changed. */
  get version(): number {
    return this._version;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    Signal.clearData(this);
  }

  protected emitChanged(): void {
    if (!this._isDisposed) {
      this._version += 1;
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _version = 0;
  private _isDisposed = false;
}

/** Whether two JSON values are the same. */
export function same(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

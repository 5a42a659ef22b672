/** One answer of the server, read when somebody looks at it and again when it may be old. */

import { IProblem, asProblem } from '../../services/errors';
import { Model } from '../base';
import { Coalesced } from '../coalesced';

/** What `load` gives, with its loading and failing. The last good value stays while a new one is read. */
export class Resource<T> extends Model {
  constructor(private readonly _load: () => Promise<T>) {
    super();
  }

  /** `null` until the first good answer. */
  get value(): T | null {
    return this._value;
  }

  /** Why the last reading failed; `null` when it did not. */
  get problem(): IProblem | null {
    return this._problem;
  }

  get loading(): boolean {
    return this._loading;
  }

  /** Whether what is known may be old, or nothing is known yet. */
  get stale(): boolean {
    return this._stale;
  }

  /** Read it unless it is known and fresh. */
  ensure(): Promise<void> {
    return this._stale ? this.refresh() : Promise.resolve();
  }

  /** Read it now. */
  refresh(): Promise<void> {
    return this._work.run();
  }

  /** From now on what is known may be old; the next `ensure` reads it again. */
  invalidate(): void {
    this._stale = true;
  }

  /** Take a value that came in another way, as with the answer to a change. */
  set(value: T): void {
    this._settle(value, null);
  }

  private async _read(): Promise<void> {
    this._stale = false;
    this._loading = true;
    this.emitChanged();
    try {
      this._settle(await this._load(), null);
    } catch (error) {
      this._stale = true;
      this._settle(this._value, asProblem(error));
    }
  }

  private _settle(value: T | null, problem: IProblem | null): void {
    if (!this.isDisposed) {
      this._value = value;
      this._problem = problem;
      this._loading = false;
      this.emitChanged();
    }
  }

  private readonly _work = new Coalesced(() => this._read());
  private _value: T | null = null;
  private _problem: IProblem | null = null;
  private _loading = false;
  private _stale = true;
}

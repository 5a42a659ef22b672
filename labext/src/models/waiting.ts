/** One value that is on its way from the server. */

import { IProblem, asProblem } from '../services/errors';
import { Model } from './base';

/** The value once it is there, or why it did not come. */
export class Waiting<T> extends Model {
  constructor(promise: Promise<T>) {
    super();
    promise.then(
      value => this._settle(value, null),
      error => this._settle(null, asProblem(error))
    );
  }

  get value(): T | null {
    return this._value;
  }
  get problem(): IProblem | null {
    return this._problem;
  }

  private _settle(value: T | null, problem: IProblem | null): void {
    this._value = value;
    this._problem = problem;
    this.emitChanged();
  }

  private _value: T | null = null;
  private _problem: IProblem | null = null;
}

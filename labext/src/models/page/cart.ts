/** Changes that a person has put together and not yet asked for. */

import type { Action, IChangeRequest } from '../../services/plans/interfaces';
import { Model } from '../base';

export type CartAction = Extract<Action, 'install' | 'remove' | 'update'>;

/** One wish about one package. `spec` is what the engine is asked for: a spec to install, else the name. */
export interface ICartItem {
  readonly name: string;
  readonly action: CartAction;
  readonly spec: string;
  /** The version that is meant, to be shown; empty when any will do. */
  readonly version: string;
}

/** First what makes room, then what is there already, then what comes. */
const SEQUENCE: readonly CartAction[] = ['remove', 'update', 'install'];

/** At most one wish per package. */
export class CartModel extends Model {
  get items(): readonly ICartItem[] {
    return this._items;
  }

  find(name: string): ICartItem | null {
    return this._items.find(item => item.name === name) ?? null;
  }

  /** Wish something; it replaces what was wished for the same package. */
  put(...items: ICartItem[]): void {
    const names = new Set(items.map(item => item.name));
    this._set([...this._items.filter(item => !names.has(item.name)), ...items]);
  }

  /** Wish it no longer. */
  take(...names: string[]): void {
    this._set(this._items.filter(item => !names.includes(item.name)));
  }

  clear(): void {
    this._set([]);
  }

  private _set(items: readonly ICartItem[]): void {
    if (items.length > 0 || this._items.length > 0) {
      this._items = items;
      this.emitChanged();
    }
  }

  private _items: readonly ICartItem[] = [];
}

/**
 * The requests that make up a cart. The engine plans one kind of change at a time, and a plan holds for the environment
 * as it is: so there is a request for each kind, to be planned and carried out one after the other.
 */
export function requestsOf(items: readonly ICartItem[], environment: string): IChangeRequest[] {
  return SEQUENCE.map(action => ({
    action,
    environment,
    specs: items.filter(item => item.action === action).map(item => item.spec)
  })).filter(request => request.specs.length > 0);
}

/**
 * The spec for a package that was found.
 *
 * @param name - its name
 * @param source - `conda`, `pypi` or `interpreter`; another one is left to the engine's own order of sources
 * @param version - an exact version; empty for the best one
 */
export function specOf(name: string, source: string, version: string): string {
  if (source === 'pypi') {
    return `pypi::${name}${version && `==${version}`}`;
  }
  const prefix = source === 'interpreter' ? 'interpreter::' : '';
  return `${prefix}${name}${version && `=${version}`}`;
}

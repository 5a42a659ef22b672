/** What was published since this browser looked last, also between two starts of the server. Keeps it; never draws. */

import type { IEnvironment } from '../services/environments/interfaces';
import type { ISharedEnvironment } from '../services/shared/interfaces';

/** Remembers generations by name, in a storage that outlives the page. */
export class PublishedBefore {
  constructor(
    private readonly _storage: Pick<Storage, 'getItem' | 'setItem'>,
    private readonly _key: string
  ) {}

  /**
   * Tell which environments have another generation than at the last look, and remember these.
   *
   * Whoever looks for the first time hears of none: all of them would be news.
   */
  news(published: readonly ISharedEnvironment[]): readonly ISharedEnvironment[] {
    const before = this._storage.getItem(this._key);
    const now = textOf(published);
    if (before === now) {
      return [];
    }
    this._storage.setItem(this._key, now);
    const known = new Set((before ?? '').split('\n'));
    return before === null ? [] : published.filter(one => !known.has(lineOf(one)));
  }
}

function textOf(published: readonly ISharedEnvironment[]): string {
  return published.map(lineOf).join('\n');
}

function lineOf(one: ISharedEnvironment): string {
  return `${one.name} ${one.generation}`;
}

/** What of the list of environments is another after a switch: which shared ones there are, and when they were built. */
export function sharedOf(
  environments: readonly IEnvironment[]
): readonly Pick<IEnvironment, 'id' | 'name' | 'modified'>[] {
  return environments.filter(({ kind }) => kind === 'shared').map(({ id, name, modified }) => ({ id, name, modified }));
}

import { describe, expect, it } from 'vitest';

import { PublishedBefore, sharedOf } from '../src/models/published';
import { readPublished } from '../src/services/shared/validate';
import { environment } from './fakes';

function storage(): Pick<Storage, 'getItem' | 'setItem'> {
  const kept = new Map<string, string>();
  return { getItem: key => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}

const DATA = { name: 'data', generation: 1 };

describe('PublishedBefore', () => {
  it('tells nothing to whoever looks for the first time', () => {
    expect(new PublishedBefore(storage(), 'key').news([DATA])).toEqual([]);
  });

  it('tells a new generation once, also after a new start', () => {
    const kept = storage();
    new PublishedBefore(kept, 'key').news([DATA]);
    const next = { ...DATA, generation: 2 };
    expect(new PublishedBefore(kept, 'key').news([next])).toEqual([next]);
    expect(new PublishedBefore(kept, 'key').news([next])).toEqual([]);
  });

  it('tells what is new among what was there, and a roll back', () => {
    const before = new PublishedBefore(storage(), 'key');
    before.news([{ ...DATA, generation: 2 }]);
    expect(before.news([DATA, { name: 'more', generation: 1 }])).toEqual([DATA, { name: 'more', generation: 1 }]);
  });

  it('hears of the first that is ever published', () => {
    const before = new PublishedBefore(storage(), 'key');
    before.news([]);
    expect(before.news([DATA])).toEqual([DATA]);
  });
});

describe('sharedOf', () => {
  it('is another after a switch, and the same after a change of an own environment', () => {
    const shared = environment({ id: 'd', name: 'data', kind: 'shared', modified: 1 });
    const own = environment({ id: 'a', name: 'analysis' });
    const before = sharedOf([own, shared]);
    expect(before).toEqual([{ id: 'd', name: 'data', modified: 1 }]);
    expect(sharedOf([{ ...own, packages: 7 }, { ...shared, size: 3 }])).toEqual(before);
    expect(sharedOf([own, { ...shared, modified: 2 }])).not.toEqual(before);
  });
});

describe('readPublished', () => {
  it('gives null where no Hub publishes', () => {
    expect(readPublished({ hub: false, environments: [] })).toBeNull();
    expect(readPublished({ hub: true, environments: [DATA] })).toEqual([DATA]);
  });
});

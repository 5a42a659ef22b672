import { describe, expect, it } from 'vitest';

import { byRoot } from '../../src/models/page/chains';
import { compareVersions, countGroups, filterRows, makeRows, sortRows } from '../../src/models/page/packageRows';
import { distinctVersions } from '../../src/models/page/versions';
import { rangeOf, scrollFor } from '../../src/models/page/window';
import { readPackageVersions } from '../../src/services/catalogue/validate';
import { pack } from './fakes';

const ROWS = makeRows(
  [
    pack('numpy', { version: '1.9', size: 30, summary: 'Arrays' }),
    pack('pandas', { version: '2.0', size: 10, requested: true }),
    pack('six', { version: '1.16', size: 20, source: 'pypi' })
  ],
  [{ name: 'numpy', installed: '1.9', newest: '2.1', source: 'conda' }]
);

function names(rows: readonly { package: { name: string } }[]): string[] {
  return rows.map(row => row.package.name);
}

describe('filterRows and sortRows', () => {
  it('tells what was asked for from what came with it', () => {
    expect(names(filterRows(ROWS, 'requested', ''))).toEqual(['pandas']);
    expect(names(filterRows(ROWS, 'dependencies', ''))).toEqual(['numpy', 'six']);
    expect(names(filterRows(ROWS, 'updates', ''))).toEqual(['numpy']);
    expect(countGroups(ROWS)).toEqual({ all: 3, requested: 1, dependencies: 2, updates: 1 });
  });

  it('finds names and summaries, whatever their case', () => {
    expect(names(filterRows(ROWS, 'all', ' ARRAY'))).toEqual(['numpy']);
    expect(names(filterRows(ROWS, 'all', 'pan'))).toEqual(['pandas']);
  });

  it('sorts by each column, and leaves the rows that it was given as they are', () => {
    expect(names(sortRows(ROWS, { column: 'size', descending: true }))).toEqual(['numpy', 'six', 'pandas']);
    expect(names(sortRows(ROWS, { column: 'version', descending: false }))).toEqual(['numpy', 'six', 'pandas']);
    expect(names(sortRows(ROWS, { column: 'update', descending: true }))).toEqual(['numpy', 'pandas', 'six']);
    expect(names(ROWS)).toEqual(['numpy', 'pandas', 'six']);
  });
});

describe('compareVersions', () => {
  it.each([
    ['1.9', '1.16', -1],
    ['2.0', '2', 0],
    ['1.0', '1.0.1', -1],
    ['1.0rc1', '1.0rc2', -1],
    ['2024.1', '2023.12', 1]
  ])('puts %s and %s in order', (left, right, order) => {
    expect(Math.sign(compareVersions(left, right))).toBe(order);
  });
});

describe('rangeOf', () => {
  it('draws what is in sight and a little more, never beyond the ends', () => {
    expect(rangeOf(0, 280, 28, 5000)).toEqual({ first: 0, last: 18 });
    expect(rangeOf(28 * 100, 280, 28, 5000)).toEqual({ first: 92, last: 118 });
    expect(rangeOf(28 * 4990, 280, 28, 5000)).toEqual({ first: 4982, last: 5000 });
    expect(rangeOf(28 * 4990, 280, 28, 3)).toEqual({ first: 0, last: 3 });
    expect(rangeOf(0, 280, 28, 0)).toEqual({ first: 0, last: 0 });
  });
});

describe('scrollFor', () => {
  it('scrolls no further than a row needs, below the heading', () => {
    expect(scrollFor(5, 0, 280, 28, 28)).toBe(0);
    expect(scrollFor(9, 0, 280, 28, 28)).toBe(28);
    expect(scrollFor(3, 280, 280, 28, 28)).toBe(84);
  });
});

describe('byRoot', () => {
  it('has the ways from each package that was asked for, the shortest first', () => {
    const chains = [
      ['six'],
      ['pandas', 'tz', 'dateutil', 'six'],
      ['pandas', 'dateutil', 'six'],
      ['jupyter', 'six']
    ];
    expect(byRoot(chains, 'six').map(root => [root.name, root.chains.map(chain => chain.length)])).toEqual([
      ['pandas', [3, 4]],
      ['jupyter', [2]]
    ]);
  });
});

describe('distinctVersions', () => {
  it('keeps the first build of each version of each source', () => {
    const { versions } = readPackageVersions({
      versions: [
        { version: '2', build: 'b1', source: 'conda' },
        { version: '2', build: 'b0', source: 'conda' },
        { version: '2', source: 'pypi' }
      ]
    });
    expect(distinctVersions(versions).map(each => `${each.source} ${each.build}`)).toEqual(['conda b1', 'pypi ']);
  });
});

import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import type { IPackageChange } from '../src/services/plans/interfaces';
import { costText, inOrder } from '../src/widgets/planView';

const change = (name: string, kind: string): IPackageChange => ({ name, kind, before: null, after: null });

test('what takes something away comes first, then what was asked for, then what comes with it', () => {
  const changes = [
    change('asttokens', 'added'),
    change('scikit-learn', 'added'),
    change('pandas', 'added'),
    change('numpy', 'downgraded'),
    change('zlib', 'removed')
  ];
  const requested = ['pandas>=2', 'pypi::scikit_learn'];
  expect(inOrder({ changes, requested }).map(each => each.name)).toEqual(['zlib', 'numpy', 'pandas', 'scikit-learn', 'asttokens']);
});

test('the cost of a plan: downloads, the disk, and what a removal frees', () => {
  const trans = nullTranslator.load('');
  const added = { changes: [change('pandas', 'added')], download_bytes: 2000, disk_bytes: 5000, freed_bytes: 0, scripts_unknown: 0 };
  const removed = { changes: [change('pandas', 'removed')], download_bytes: 0, disk_bytes: 0, freed_bytes: 8000, scripts_unknown: 0 };
  expect(costText(added, trans)).toBe('2.0 kB to download · about 5.0 kB more on the disk');
  expect(costText({ ...added, download_bytes: 0 }, trans)).toBe('nothing to download · 5.0 kB more on the disk');
  expect(costText({ ...added, download_bytes: 0, scripts_unknown: 1 }, trans)).toContain('about 5.0 kB more on the disk');
  expect(costText({ ...added, download_bytes: 0, disk_bytes: 0 }, trans)).toBe('nothing to download · nothing more on the disk');
  expect(costText(removed, trans)).toBe('nothing to download · 8.0 kB freed (what the package cache shares stays there)');
  expect(costText({ ...removed, disk_bytes: 5000 }, trans)).toContain('5.0 kB more on the disk · 8.0 kB freed');
});

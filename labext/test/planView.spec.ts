import { expect, test } from 'vitest';

import type { IPackageChange } from '../src/services/plans/interfaces';
import { inOrder } from '../src/widgets/planView';

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

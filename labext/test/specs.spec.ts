import { describe, expect, it } from 'vitest';

import { nameOfSpec, readTyped, splitSpecs, withSpec } from '../src/models/specs';

describe('splitSpecs', () => {
  it.each([
    ['pandas', ['pandas']],
    ['pandas numpy', ['pandas', 'numpy']],
    ['pandas, numpy>=2, <3', ['pandas', 'numpy>=2,<3']],
    ['numpy >= 2 scipy', ['numpy>=2', 'scipy']],
    ['python=3.11\npandas\n', ['python=3.11', 'pandas']],
    ['numpy 2', ['numpy', '2']],
    ['scipy=1.2=py_0', ['scipy=1.2=py_0']],
    ['  ', []]
  ])('divides %j', (text, specs) => {
    expect(splitSpecs(text)).toEqual(specs);
  });
});

describe('nameOfSpec', () => {
  it.each([
    ['oldlib', 'oldlib'],
    ['NumPy>=2', 'numpy'],
    ['conda-forge::scikit-learn=1.5', 'scikit-learn'],
    ['pypi::rich[all]', 'rich']
  ])('finds the name in %j', (spec, name) => {
    expect(nameOfSpec(spec)).toBe(name);
  });
});

describe('readTyped', () => {
  it('takes a name until an operator is typed', () => {
    expect(readTyped('pan')).toEqual({ prefix: '', name: 'pan', operator: '', version: '' });
  });
  it('takes a source, an operator and the beginning of a version', () => {
    expect(readTyped('pypi::numpy >=2.')).toEqual({ prefix: 'pypi::', name: 'numpy', operator: '>=', version: '2.' });
  });
});

describe('withSpec', () => {
  it('replaces the request for the same package', () => {
    expect(withSpec(['numpy<2', 'scipy'], 'numpy>=2')).toEqual(['scipy', 'numpy>=2']);
  });
});

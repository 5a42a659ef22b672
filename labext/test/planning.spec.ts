import { describe, expect, it } from 'vitest';

import { fixed } from '../src/models/fixes';
import { readEnvironment } from '../src/services/environments/validate';
import { findConflict } from '../src/services/plans/validate';

describe('readEnvironment', () => {
  it('takes defaults for what is left out', () => {
    expect(readEnvironment({ id: 'L2E', name: 'a', path: '/a' })).toMatchObject({ python: null, writable: true });
  });
  it('names the field that is wrong', () => {
    expect(() => readEnvironment({ id: 'L2E', name: 3, path: '/a' })).toThrow('environment.name should be a text');
  });
});

describe('fixed', () => {
  it('replaces the request that a fix widens', () => {
    const detail = { conflict: { fixes: [{ kind: 'widen', request: 'numpy<2', replacement: 'numpy' }] } };
    const fix = findConflict(detail)!.fixes[0]!;
    expect(fixed({ action: 'install', specs: ['pandas', 'numpy<2'] }, fix).specs).toEqual(['pandas', 'numpy']);
  });
});

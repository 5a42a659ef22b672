import { describe, expect, it } from 'vitest';

import { fixed } from '../src/models/fixes';
import type { JobsModel } from '../src/models/jobs';
import { PlanningModel } from '../src/models/planning';
import { readEnvironment } from '../src/services/environments/validate';
import type { IPlansApi } from '../src/services/plans/interfaces';
import { findConflict } from '../src/services/plans/validate';

describe('PlanningModel', () => {
  it('tells an environment that is gone from one that has changed', () => {
    const refusals = [
      { code: 'plan.stale', stale: true, gone: false },
      { code: 'not_found.environment', stale: false, gone: true }
    ];
    for (const { code, stale, gone } of refusals) {
      const model = new PlanningModel({} as IPlansApi, {} as JobsModel);
      model.show({ action: 'install', specs: ['six'] }, { code, message: 'no', hint: '', detail: null });
      expect([model.state, model.isStale, model.isGone]).toEqual(['failed', stale, gone]);
    }
  });
});

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

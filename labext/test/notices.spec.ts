import { describe, expect, it } from 'vitest';

import { againOf, noticeOf } from '../src/models/notices';
import type { IJobResult } from '../src/services/jobs/interfaces';
import type { IChangeRequest } from '../src/services/plans/interfaces';
import { job } from './fakes';

const REQUEST: IChangeRequest = { action: 'install', specs: ['pandas'] };
const RESULT: IJobResult = { plan_id: '', executed: true, prefix: '', generation: 2, kernels: [], old_kernels: [], changed: ['pandas'], asked: [], messages: [], channel: '', built: [] };
const BUILT: IJobResult = { ...RESULT, channel: '/channel', built: [{ dist: 'greet-1.2-h1_0', state: 'built' }] };
const PRESENT: IJobResult = { ...BUILT, built: [{ dist: 'greet-1.2-h1_0', state: 'present' }] };
const CONFLICT = { code: 'solve.conflict', message: 'no', hint: '', detail: { conflict: { fixes: [] } } };

describe('noticeOf', () => {
  it.each([
    ['a new environment with a kernel', job({ state: 'done', action: 'create', result: { ...RESULT, kernels: ['k'] } }), ['notebook', 'open']],
    ['a new environment without one', job({ state: 'done', action: 'create', result: RESULT }), ['open']],
    ['an install', job({ state: 'done', result: RESULT }), ['undo']],
    ['an install of what was there', job({ state: 'done', result: { ...RESULT, changed: [] } }), []],
    ['a deletion', job({ state: 'done', action: 'delete', kind: 'delete' }), []],
    ['a failure', job({ state: 'failed', error: { ...CONFLICT, detail: null } }), ['retry', 'log']],
    ['a conflict', job({ state: 'failed', error: CONFLICT }), ['fix', 'log']],
    ['a build', job({ kind: 'build', action: 'build', state: 'done', result: BUILT }), ['built', 'log']],
    ['a build of what was there', job({ kind: 'build', action: 'build', state: 'done', result: PRESENT }), ['built', 'rebuild', 'log']],
    ['a build of nothing', job({ kind: 'build', action: 'build', state: 'done', result: RESULT }), ['log']],
    ['a cancelled change', job({ state: 'cancelled' }), ['retry']],
    ['a killed job', job({ state: 'interrupted' }), ['retry', 'log']]
  ])('offers the right buttons after %s', (_, ended, actions) => {
    expect(noticeOf(ended, REQUEST, 'all')?.actions).toEqual(actions);
  });

  it('offers no retry of what is not known', () => {
    expect(noticeOf(job({ state: 'failed' }), null, 'all')?.actions).toEqual(['log']);
  });

  it('offers no retry of what a rule forbids, but of what there is no room for', () => {
    const refused = (code: string) => job({ state: 'failed', error: { ...CONFLICT, code, detail: null } });
    expect(noticeOf(refused('policy.blocked'), REQUEST, 'all')?.actions).toEqual(['log']);
    expect(noticeOf(refused('env.shared'), REQUEST, 'all')?.actions).toEqual(['log']);
    expect(noticeOf(refused('policy.disk'), REQUEST, 'all')?.actions).toEqual(['retry', 'log']);
  });

  it('is silent about plans', () => {
    expect(noticeOf(job({ kind: 'plan', state: 'failed' }), REQUEST, 'all')).toBeNull();
  });

  it('is silent about a change that waits for a yes', () => {
    const result = { ...RESULT, executed: false };
    expect(noticeOf(job({ state: 'done', result }), REQUEST, 'all')).toBeNull();
    expect(noticeOf(job({ kind: 'delete', state: 'done', result }), REQUEST, 'all')?.type).toBe('success');
  });

  it('tells only problems, or nothing, as the settings say', () => {
    expect(noticeOf(job({ state: 'done' }), REQUEST, 'problems')).toBeNull();
    expect(noticeOf(job({ state: 'failed' }), REQUEST, 'problems')?.type).toBe('error');
    expect(noticeOf(job({ state: 'failed' }), REQUEST, 'none')).toBeNull();
  });
});

describe('againOf', () => {
  it('asks again for what was not done, and shows the fixes of a conflict', () => {
    expect(againOf(job({ state: 'interrupted' }), REQUEST)).toBe('retry');
    expect(againOf(job({ state: 'cancelled' }), REQUEST)).toBe('retry');
    expect(againOf(job({ state: 'failed', error: CONFLICT }), REQUEST)).toBe('fix');
  });

  it('has nothing to offer for what was done, or when nobody knows what that was', () => {
    expect(againOf(job({ state: 'done' }), REQUEST)).toBeNull();
    expect(againOf(job({ state: 'failed', error: CONFLICT }), null)).toBeNull();
  });
});

import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { describe, expect, it, vi } from 'vitest';

import { AllowanceModel, fullness, waitsUntil } from '../src/models/allowance';
import type { JobsModel } from '../src/models/jobs';
import type { IJob } from '../src/services/jobs/interfaces';
import { readAllowance } from '../src/services/policy/validate';
import { quotaText } from '../src/widgets/quotaNote';
import { job } from './fakes';
import { settle } from './page/fakes';

const TRANS = nullTranslator.load('jupyter_envs');
const DAY = 86_400_000;
const POLICY = {
  channels: ['conda-forge'],
  quarantine_days: 7,
  environments: 2,
  most_environments: 3,
  used: 6_000_000,
  disk: 8_000_000,
  contact: 'help@example.org'
};
const allowance = readAllowance({ policy: POLICY })!;

describe('AllowanceModel', () => {
  it('asks when somebody looks, and again after a change, but not after a plan', async () => {
    const jobs = { ended: null as unknown };
    const ended = new Signal<JobsModel, IJob>(jobs as unknown as JobsModel);
    jobs.ended = ended;
    const ask = vi.fn(() => Promise.resolve(allowance));
    const model = new AllowanceModel({ allowance: ask }, jobs as unknown as JobsModel);
    ended.emit(job({ state: 'done' }));
    expect(ask.mock.calls.length).toBe(0);
    model.look();
    model.look();
    await settle();
    expect([ask.mock.calls.length, model.allowance?.used]).toEqual([1, 6_000_000]);
    ended.emit(job({ kind: 'plan', state: 'done' }));
    ended.emit(job({ state: 'done' }));
    await settle();
    expect(ask.mock.calls.length).toBe(2);
  });
});

it('says how much of a quota is taken', () => {
  expect(quotaText(allowance, TRANS)).toBe('2 of 3 environments · 6.0 MB of 8.0 MB');
  expect(fullness(allowance)).toBe(0.75);
  expect(fullness({ ...allowance, most_environments: 0 })).toBe(1);
  expect(fullness({ ...allowance, most_environments: null, disk: null, used: null })).toBeNull();
  expect(readAllowance({ policy: null })).toBeNull();
});

it('knows until when a version has to wait', () => {
  expect(waitsUntil(5 * DAY, 7, 8 * DAY)).toEqual(new Date(12 * DAY));
  expect(waitsUntil(5 * DAY, 7, 13 * DAY)).toBeNull();
  expect(waitsUntil(null, 7, 0)).toBeNull();
  expect(waitsUntil(5 * DAY, null, 0)).toBeNull();
});

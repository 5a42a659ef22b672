/** What the models of the page are tested with: values, and a server's resources that answer what a test gives. */

import { vi } from 'vitest';

import { AllowanceModel } from '../../src/models/allowance';
import { EnvironmentsModel } from '../../src/models/environments';
import { JobsModel } from '../../src/models/jobs';
import type { IApi } from '../../src/services';
import type { IEnvironment, IPackage } from '../../src/services/environments/interfaces';
import { readEnvironment, readPackage } from '../../src/services/environments/validate';
import type { IJob } from '../../src/services/jobs/interfaces';
import { readJob } from '../../src/services/jobs/validate';
import { readPlanAnswer } from '../../src/services/plans/validate';
import type { IPlan } from '../../src/services/plans/interfaces';
import type { IEnvironmentsManager } from '../../src/tokens';

export function environment(fields: Partial<IEnvironment> = {}): IEnvironment {
  return readEnvironment({ id: 'L2E', name: 'a', path: '/a', ...fields });
}

export function pack(name: string, fields: Partial<IPackage> = {}): IPackage {
  return readPackage({ name, version: '1', source: 'conda', ...fields });
}

export function job(id: string, fields: Partial<Record<keyof IJob, unknown>> = {}): IJob {
  return readJob({ id, kind: 'execute', state: 'queued', ...fields });
}

export function plan(id: string, stale = false): IPlan {
  return readPlanAnswer({ plan: { plan_id: id }, stale });
}

/** A promise that is settled from outside. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Let everything that is settled go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await Promise.resolve();
  }
}

/** Resources whose every method refuses until a test says what it answers. */
export function fakeApi(): { [R in keyof IApi]: { [M in keyof IApi[R]]: ReturnType<typeof vi.fn> } } {
  const resource = (): never =>
    new Proxy({} as Record<string, unknown>, {
      get: (methods, name: string) => (methods[name] ??= vi.fn(() => Promise.reject(new Error(`not expected: ${name}`))))
    }) as never;
  return { environments: resource(), plans: resource(), jobs: resource(), catalogue: resource(), policy: resource() };
}

/** The shared models over such resources; polling jobs takes no time. */
export function fakeManager(
  api: ReturnType<typeof fakeApi>
): Pick<IEnvironmentsManager, 'api' | 'environments' | 'jobs' | 'allowance'> {
  const real = api as unknown as IApi;
  const jobs = new JobsModel(real.jobs, undefined, { young: 0, old: 0 });
  const allowance = new AllowanceModel(real.policy, jobs);
  return { api: real, environments: new EnvironmentsModel(real.environments), jobs, allowance };
}

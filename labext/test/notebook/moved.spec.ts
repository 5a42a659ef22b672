import { describe, expect, it } from 'vitest';

import { JobsModel } from '../../src/models/jobs';
import { MovedModel, moveOf } from '../../src/models/notebook/moved';
import type { IJob } from '../../src/services/jobs/interfaces';
import { readJob } from '../../src/services/jobs/validate';
import { FakeJobs } from '../fakes';
import { FakeEnvironments, FakeKernel, environment, settled } from './fakes';

const GONE = { id: 'k1', name: 'envs-analysis', path: '/envs/analysis', known: false };
const LOADED_AFTER = { ...GONE, path: '' };

/** An ended rename as the server tells it. */
function rename(from: string, to: string, kernels: readonly string[] = [`envs-${from}`]): IJob {
  const result = { prefix: `/envs/${to}`, kernels: [`envs-${to}`], old_kernels: kernels };
  return readJob({ id: `${from}-${to}`, kind: 'rename', state: 'done', path: `/envs/${from}`, name: from, result });
}

function named(name: string, kernels = [`envs-${name}`]) {
  return environment({ id: name, name, path: `/envs/${name}`, kernels });
}

describe('moveOf', () => {
  it.each([GONE, LOADED_AFTER])('finds the environment under its new name, and its kernel', kernel => {
    const move = moveOf(kernel, [rename('analysis', 'trial')], [named('trial')]);
    expect(move).toEqual({ from: 'analysis', to: 'trial', kernel: 'envs-trial' });
  });

  it('follows one rename after another, the newest of which comes first in the list', () => {
    const jobs = [rename('trial', 'study'), rename('other', 'analysis2'), rename('analysis', 'trial')];
    expect(moveOf(GONE, jobs, [named('study')])?.to).toBe('study');
  });

  it('says nothing of a kernel that can be started again, or when the environment is not there', () => {
    const jobs = [rename('analysis', 'trial')];
    expect(moveOf({ ...GONE, known: true }, jobs, [named('trial')])).toBeNull();
    expect(moveOf({ ...GONE, id: '' }, jobs, [named('trial')])).toBeNull();
    expect(moveOf(GONE, jobs, [named('analysis'), named('trial')])).toBeNull();
    expect(moveOf(GONE, jobs, [])).toBeNull();
    expect(moveOf(GONE, [], [named('trial')])).toBeNull();
  });

  it('takes the kernel of the same language', () => {
    const jobs = [rename('analysis', 'trial', ['envs-analysis', 'envs-analysis-ir'])];
    const trial = named('trial', ['envs-trial', 'envs-trial-ir']);
    expect(moveOf({ ...GONE, name: 'envs-analysis-ir' }, jobs, [trial])?.kernel).toBe('envs-trial-ir');
    expect(moveOf(GONE, jobs, [named('trial', [])])?.kernel).toBe('');
  });
});

describe('MovedModel', () => {
  it('tells when the environment has gone to another name, and is silent when the kernel was switched', async () => {
    const [kernel, environments, server] = [new FakeKernel(), new FakeEnvironments([named('analysis')]), new FakeJobs()];
    const jobs = new JobsModel(server);
    await environments.model.refresh();
    const model = new MovedModel(kernel, environments.model, jobs);
    kernel.known = false;
    environments.list = [named('trial')];
    await environments.model.refresh();
    expect(model.move).toBeNull();
    server.jobs = [rename('analysis', 'trial')];
    await jobs.refresh();
    await settled();
    expect(model.move?.to).toBe('trial');
    Object.assign(kernel, { id: 'k2', name: 'envs-trial', path: '/envs/trial', known: true });
    kernel.changed.emit();
    expect(model.move).toBeNull();
  });
});

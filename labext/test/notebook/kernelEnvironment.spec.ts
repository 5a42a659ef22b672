import { describe, expect, it } from 'vitest';

import { KernelEnvironmentModel, whereabouts } from '../../src/models/notebook/kernelEnvironment';
import { FakeEnvironments, FakeKernel, environment } from './fakes';

const kernel = { id: 'k1', name: 'envs-analysis', path: '/envs/analysis', known: true };

describe('whereabouts', () => {
  it('finds the environment by the path that the kernel names', () => {
    const analysis = environment();
    expect(whereabouts(kernel, [environment({ path: '/other' }), analysis])).toEqual({
      kind: 'managed',
      environment: analysis
    });
  });

  it('knows nothing without a kernel, or before the list is there', () => {
    expect(whereabouts({ ...kernel, id: '' }, [environment()]).kind).toBe('none');
    expect(whereabouts(kernel, null).kind).toBe('none');
  });

  it('says so when the kernel names no environment, or one that is not listed', () => {
    expect(whereabouts({ ...kernel, path: '' }, [environment()]).kind).toBe('unmanaged');
    expect(whereabouts(kernel, []).kind).toBe('unmanaged');
  });

  it('says so when the environment and the kernel are gone', () => {
    expect(whereabouts({ ...kernel, known: false }, [])).toEqual({ kind: 'gone', path: '/envs/analysis' });
    expect(whereabouts({ ...kernel, path: '', known: false }, [])).toEqual({ kind: 'gone', path: 'envs-analysis' });
  });
});

describe('KernelEnvironmentModel', () => {
  it('follows a rename, a change that is under way and another kernel, and tells only then', async () => {
    const environments = new FakeEnvironments([environment()]);
    await environments.model.refresh();
    const current = new FakeKernel();
    const model = new KernelEnvironmentModel(current, environments.model);
    const told: string[] = [];
    model.changed.connect(({ where }) => {
      told.push(where.kind === 'managed' ? `${where.environment.name} ${where.environment.busy}` : where.kind);
    });
    await environments.change({ name: 'trial' });
    await environments.change({ busy: true });
    current.changed.emit();
    current.path = '';
    current.changed.emit();
    expect(told).toEqual(['trial false', 'trial true', 'unmanaged']);
  });
});

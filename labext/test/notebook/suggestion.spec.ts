import { describe, expect, it } from 'vitest';

import { ISuggestionOptions, SuggestionModel } from '../../src/models/notebook/suggestion';
import type { IModuleOwner } from '../../src/services/catalogue/interfaces';
import type { IEnvironment, IPackage } from '../../src/services/environments/interfaces';
import type { IJob } from '../../src/services/jobs/interfaces';
import { readJob } from '../../src/services/jobs/validate';
import { readPackage } from '../../src/services/environments/validate';
import { FakeEnvironments, FakeKernel, environment, settled } from './fakes';

interface ISetUp {
  readonly module?: string;
  readonly fresh?: boolean;
  readonly installed?: string[];
  readonly environment?: Partial<IEnvironment>;
  readonly unknown?: boolean;
  readonly owner?: string;
  readonly clone?: IJob;
}

async function setUp(options: ISetUp = {}) {
  const kernel = new FakeKernel();
  const environments = new FakeEnvironments([environment(options.environment)]);
  await environments.model.refresh();
  const installed = options.installed ?? [];
  const asked: [string, string][] = [];
  const module = options.module ?? 'sklearn';
  const list = (): IPackage[] => installed.map(name => readPackage({ name, version: '1' }));
  const install: ISuggestionOptions['install'] = (where, name) => {
    asked.push([where.name, name]);
    installed.push(name);
    return Promise.resolve(null);
  };
  const ownerOf = (): Promise<IModuleOwner> =>
    options.unknown
      ? Promise.reject(new Error('no such module'))
      : Promise.resolve({ package: options.owner ?? 'scikit-learn', alternatives: ['scikit-learn-intelex'] });
  const model = new SuggestionModel({
    missing: { module, top: module.split('.')[0]! },
    fresh: options.fresh ?? true,
    kernel,
    environments: environments.model,
    api: { catalogue: { ownerOf }, environments: { packages: () => Promise.resolve(list()) } },
    install,
    clone: () => Promise.resolve(options.clone ?? null)
  });
  await settled();
  return { kernel, environments, model, asked, installed };
}

describe('SuggestionModel', () => {
  it('offers the package that brings the module', async () => {
    const { model } = await setUp();
    expect([model.state, model.package, model.environment?.name]).toEqual(['offer', 'scikit-learn', 'analysis']);
  });

  it('previews, installs, and then says that it is there', async () => {
    const { model, asked } = await setUp();
    const install = model.install();
    expect(model.state).toBe('asked');
    await model.install(); // a second press while the preview is open does nothing
    await install;
    await settled();
    expect(asked).toEqual([['analysis', 'scikit-learn']]);
    expect(model.state).toBe('installed');
  });

  it('offers again when the person thought better of it', async () => {
    const { model, installed } = await setUp();
    const install = model.install();
    installed.length = 0;
    await install;
    await settled();
    expect(model.state).toBe('offer');
  });

  it('offers a clone of a shared environment, and then its kernel', async () => {
    const shared = { kind: 'shared', writable: false };
    const unwanted = await setUp({ environment: shared });
    await unwanted.model.clone();
    await settled();
    expect([unwanted.model.state, unwanted.model.package]).toEqual(['clone', 'scikit-learn']);
    await unwanted.model.install();
    expect(unwanted.asked).toEqual([]);
    const result = { executed: true, kernels: ['envs-mine'] };
    const clone = readJob({ id: 'j', kind: 'execute', action: 'clone', state: 'done', name: 'mine', result });
    const { model } = await setUp({ environment: shared, clone });
    await model.clone();
    await settled();
    expect([model.state, model.cloned]).toEqual(['cloned', { name: 'mine', kernel: 'envs-mine' }]);
  });

  it('notices that somebody else has installed it', async () => {
    const { environments, model, installed } = await setUp();
    installed.push('Scikit_Learn');
    await environments.change({ generation: 2 });
    expect(model.state).toBe('installed');
  });

  it('says that it is there when an old output is opened', async () => {
    const { model } = await setUp({ fresh: false, installed: ['scikit-learn'] });
    expect(model.state).toBe('installed');
  });

  it('takes another package that brings the module for the right one', async () => {
    const { model } = await setUp({ fresh: false, installed: ['scikit-learn-intelex'] });
    expect([model.state, model.package]).toEqual(['installed', 'scikit-learn-intelex']);
  });

  it('keeps silent when the package is there and the cell has failed all the same', async () => {
    const { model } = await setUp({ installed: ['scikit-learn'] });
    expect(model.state).toBe('none');
  });

  it('keeps silent about a part that an installed package does not have', async () => {
    const { model } = await setUp({ module: 'sklearn.nothing', fresh: false, installed: ['scikit-learn'] });
    expect(model.state).toBe('none');
  });

  it('offers the package of a namespace, not one that merely has its name', async () => {
    expect((await setUp({ module: 'ruamel.yaml', owner: 'ruamel.yaml' })).model.state).toBe('offer');
    expect((await setUp({ module: 'google.nothing', owner: 'google' })).model.state).toBe('none');
  });

  it.each([{ unknown: true }, { environment: { writable: false } }, { environment: { kind: 'venv' } }])(
    'keeps silent when nothing can be installed: %o',
    async options => {
      expect((await setUp(options)).model.state).toBe('none');
    }
  );

  it('follows the kernel into an environment and out of it', async () => {
    const { kernel, model } = await setUp();
    kernel.path = '';
    kernel.changed.emit();
    await settled();
    expect(model.state).toBe('none');
    kernel.path = '/envs/analysis';
    kernel.changed.emit();
    await settled();
    expect(model.state).toBe('offer');
  });
});

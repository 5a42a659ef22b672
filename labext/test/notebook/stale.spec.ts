import { describe, expect, it } from 'vitest';

import { StaleModel, namesOf } from '../../src/models/notebook/stale';
import type { IStaleModule } from '../../src/services/environments/interfaces';
import { FakeEnvironments, FakeKernel, environment, settled } from './fakes';

const NUMPY: IStaleModule = { module: 'numpy', package: 'numpy', before: '1.26.4', after: '2.1.0' };

async function setUp(options: { generation?: number; language?: string } = {}) {
  const kernel = new FakeKernel();
  kernel.language = options.language ?? 'python';
  const environments = new FakeEnvironments([environment({ generation: options.generation ?? 1 })]);
  await environments.model.refresh();
  const questions: [readonly string[], number][] = [];
  const answer: { stale: IStaleModule[] } = { stale: [NUMPY] };
  const staleModules = (_: string, modules: readonly string[], since: number): Promise<IStaleModule[]> => {
    questions.push([modules, since]);
    return Promise.resolve(answer.stale);
  };
  const model = new StaleModel(kernel, environments.model, { staleModules });
  return { kernel, environments, model, questions, answer };
}

describe('StaleModel', () => {
  it('asks nothing while the environment stays as it is', async () => {
    const { kernel, environments, model } = await setUp();
    await environments.change({ busy: true });
    kernel.changed.emit();
    await settled();
    expect([kernel.asked, model.modules]).toEqual([0, []]);
  });

  it('names what has changed since the kernel first saw the environment', async () => {
    const { environments, model, questions } = await setUp({ generation: 4 });
    await environments.change({ generation: 5 });
    expect(questions).toEqual([[['numpy'], 4]]);
    expect(model.modules).toEqual([NUMPY]);
  });

  it('says nothing when nothing that is imported has changed', async () => {
    const { environments, model, answer } = await setUp();
    answer.stale = [];
    let told = 0;
    model.changed.connect(() => (told += 1));
    await environments.change({ generation: 2 });
    expect([model.modules, told]).toEqual([[], 0]);
  });

  it('waits for a busy kernel', async () => {
    const { kernel, environments, model } = await setUp();
    kernel.idle = false;
    await environments.change({ generation: 2 });
    expect(kernel.asked).toBe(0);
    kernel.idle = true;
    kernel.changed.emit();
    await settled();
    expect(model.modules).toEqual([NUMPY]);
  });

  it('leaves other languages alone', async () => {
    const { kernel, environments } = await setUp({ language: 'R' });
    await environments.change({ generation: 2 });
    expect(kernel.asked).toBe(0);
  });

  it('keeps silent after it was dismissed, until the next change', async () => {
    const { kernel, environments, model } = await setUp();
    await environments.change({ generation: 2 });
    model.dismiss();
    kernel.changed.emit();
    await environments.change({ busy: true });
    expect(model.modules).toEqual([]);
    await environments.change({ generation: 3 });
    expect(model.modules).toEqual([NUMPY]);
  });

  it('says nothing when the environment was renamed: the kernel cannot be started again', async () => {
    const { environments, model } = await setUp();
    await environments.change({ generation: 2 });
    let told = 0;
    model.changed.connect(() => (told += 1));
    await environments.change({ name: 'trial', path: '/envs/trial' });
    expect([model.modules, told]).toEqual([[], 1]);
  });

  it('takes it back when the change was taken back', async () => {
    const { environments, model, answer, questions } = await setUp();
    await environments.change({ generation: 2 });
    answer.stale = [];
    await environments.change({ generation: 3 });
    expect(model.modules).toEqual([]);
    expect(questions.map(([, since]) => since)).toEqual([1, 1]);
  });

  it('forgets on restart, and dates the new kernel by the environment as it is then', async () => {
    const { kernel, environments, model, questions } = await setUp();
    await environments.change({ generation: 2 });
    environments.list = [environment({ generation: 3 })]; // changed, but the list has not told yet
    kernel.restarted.emit();
    expect(model.modules).toEqual([]);
    await settled();
    await environments.change({ generation: 4 });
    expect(questions.map(([, since]) => since)).toEqual([1, 3]);
  });

  it('drops the answer of a kernel that was restarted meanwhile', async () => {
    const { kernel, environments, model } = await setUp();
    const change = environments.change({ generation: 2 });
    kernel.evaluate = () => {
      kernel.restarted.emit();
      return Promise.resolve("'numpy'");
    };
    await change;
    await settled();
    expect(model.modules).toEqual([]);
  });

  it('starts anew when an environment of the same path was made again', async () => {
    const { environments, questions } = await setUp({ generation: 7 });
    await environments.change({ generation: 1 });
    await environments.change({ generation: 2 });
    expect(questions).toEqual([[['numpy'], 1]]);
  });
});

describe('namesOf', () => {
  it('gives one name for each package, as people write it', () => {
    const item = (module: string, owner: string): IStaleModule => ({ ...NUMPY, module, package: owner });
    const modules = [item('_yaml', 'pyyaml'), item('yaml', 'pyyaml'), item('attr', 'attrs'), item('attrs', 'attrs')];
    expect(namesOf(modules)).toEqual(['attrs', 'yaml']);
  });
});

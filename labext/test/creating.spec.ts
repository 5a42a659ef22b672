import { describe, expect, it } from 'vitest';

import { CreateModel, ICreateContext, ICreateStart, pythonsOf } from '../src/models/creating';
import { EnvironmentsModel } from '../src/models/environments';
import { JobsModel } from '../src/models/jobs';
import type { IApi } from '../src/services';
import type { IEnvironment } from '../src/services/environments/interfaces';
import { RequestError } from '../src/services/errors';
import { FakeJobs, environment } from './fakes';

const PARSED = { format: 'environment.yml', name: 'from-file', channels: [], specs: ['pandas'], pip_specs: [], records: 0, warnings: [] };

/** A form over a server that knows two Pythons and reads any file but `bad.yml`. */
async function open(start: ICreateStart = {}, existing: IEnvironment[] = []): Promise<CreateModel> {
  const catalogue = {
    package: () => Promise.resolve({ name: 'python', summary: '', versions: [{ version: '3.12.4', source: 'conda' }, { version: '3.13.0', source: 'conda' }] }),
    parse: (name: string) =>
      name === 'bad.yml'
        ? Promise.reject(new RequestError({ code: 'spec.file', message: 'line 3 is no YAML', hint: '', detail: null }, 400))
        : Promise.resolve(PARSED)
  };
  const api = { catalogue, plans: {} } as unknown as IApi;
  const environments = new EnvironmentsModel({ list: () => Promise.resolve(existing) } as never);
  await environments.refresh();
  const context: ICreateContext = { api, environments, jobs: new JobsModel(new FakeJobs()) };
  const model = new CreateModel(context, start);
  await new Promise(resolve => setTimeout(resolve));
  return model;
}

describe('CreateModel', () => {
  it('proposes a free name and knows the Pythons', async () => {
    const model = await open({}, [environment({ name: 'environment' })]);
    expect(model.name).toBe('environment-2');
    expect(model.pythons?.map(python => python.spec)).toEqual(['python=3.13', 'python=3.12']);
  });

  it('asks for Python and a kernel in an environment without packages', async () => {
    const model = await open();
    expect(model.request).toEqual({ action: 'create', name: 'environment', specs: ['python'], add_ipykernel: true });
  });

  it('asks for the Python that was chosen, before the packages', async () => {
    const model = await open({ specs: ['pandas'] });
    model.python = 'python=3.12';
    model.withKernel = false;
    expect(model.request).toMatchObject({ specs: ['python=3.12', 'pandas'], add_ipykernel: false });
  });

  it('takes packages from the channels that it was opened with', async () => {
    const model = await open({ name: 'greet', specs: ['greet=1.2=h1_0'], channels: ['/srv/channel'] });
    expect(model.request).toEqual({
      action: 'create',
      name: 'greet',
      specs: ['greet=1.2=h1_0'],
      channels: ['/srv/channel'],
      add_ipykernel: true
    });
  });

  it('leaves Python to the packages when one of them says it', async () => {
    const model = await open({ specs: ['python=3.9', 'pandas'] });
    model.python = 'python=3.12';
    expect(model.asksForPython).toBe(true);
    expect(model.request.specs).toEqual(['python=3.9', 'pandas']);
  });

  it('can be really empty: then without a kernel', async () => {
    const model = await open();
    model.python = 'none';
    expect(model.request).toMatchObject({ specs: [], add_ipykernel: false });
  });

  it('takes the name from the file until a person has named it', async () => {
    const model = await open({ file: { name: 'environment.yml', text: '…' } });
    expect(model.name).toBe('from-file');
    model.name = 'mine';
    await model.setFile({ name: 'other.yml', text: '…' });
    expect(model.name).toBe('mine');
    expect(model.request).toEqual({
      action: 'create',
      name: 'mine',
      file: { name: 'other.yml', text: '…' },
      add_ipykernel: true
    });
  });

  it('is not complete with a file that cannot be read', async () => {
    const model = await open({ file: { name: 'bad.yml', text: '…' } });
    expect(model.fileProblem?.message).toBe('line 3 is no YAML');
    expect(model.isComplete).toBe(false);
  });

  it('names a copy after its origin', async () => {
    const model = await open({ clone_from: 'id-a' }, [environment({ name: 'a' }), environment({ name: 'a-copy' })]);
    expect(model.request).toEqual({ action: 'clone', name: 'a-copy-2', clone_from: 'id-a' });
  });

  it('is not complete with a name that is taken', async () => {
    const model = await open({ name: 'a' }, [environment({ name: 'a' })]);
    expect(model.nameProblem).toBe('taken');
    expect(model.isComplete).toBe(false);
  });
});

describe('pythonsOf', () => {
  it('sorts by number, not by letters, and leaves out what has no version', () => {
    const versions = ['3.9.1', '3.10.2', '3.10.4', '2.7', 'x'].map(version => ({ version, source: 'conda' }));
    expect(pythonsOf(versions).map(python => python.minor)).toEqual(['3.10', '3.9', '2.7']);
  });
  it('borrows an interpreter only where no channel has the version', () => {
    const versions = [
      { version: '3.11.7', source: 'interpreter' },
      { version: '3.11.9', source: 'conda' },
      { version: '3.13.0', source: 'interpreter' }
    ];
    expect(pythonsOf(versions).map(python => python.spec)).toEqual(['interpreter::python=3.13', 'python=3.11']);
  });
});

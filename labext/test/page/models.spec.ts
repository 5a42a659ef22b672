import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { CartModel, requestsOf, specOf } from '../../src/models/page/cart';
import { ExportModel } from '../../src/models/page/export';
import { HealthModel, sortFindings } from '../../src/models/page/health';
import { HistoryModel, summarise } from '../../src/models/page/history';
import { KernelsModel } from '../../src/models/page/kernels';
import { PackagesModel } from '../../src/models/page/packages';
import { Resource } from '../../src/models/page/resource';
import { SearchModel } from '../../src/models/page/search';
import { readFindings, readHistory, readKernels } from '../../src/services/environments/validate';
import { deferred, fakeApi, fakeManager, job, pack, settle } from './fakes';

const id = (): string => 'L2E';

describe('Resource', () => {
  it('reads once until what it knows may be old', async () => {
    const load = vi.fn(() => Promise.resolve(load.mock.calls.length));
    const resource = new Resource(load);
    await resource.ensure();
    await resource.ensure();
    expect(resource.value).toBe(1);
    resource.invalidate();
    await resource.ensure();
    expect(resource.value).toBe(2);
  });

  it('keeps the last good value beside a failure, and reads again', async () => {
    const load = vi.fn<() => Promise<string>>().mockResolvedValueOnce('good').mockRejectedValueOnce(new Error('away'));
    const resource = new Resource(load);
    await resource.ensure();
    await resource.refresh();
    expect([resource.value, resource.problem?.message, resource.stale]).toEqual(['good', 'away', true]);
    load.mockResolvedValueOnce('better');
    await resource.ensure();
    expect([resource.value, resource.problem]).toEqual(['better', null]);
  });

  it('says nothing after its end', async () => {
    const answer = deferred<string>();
    const resource = new Resource(() => answer.promise);
    const reading = resource.ensure();
    const heard = vi.fn();
    resource.changed.connect(heard);
    resource.dispose();
    answer.resolve('late');
    await reading;
    expect([resource.value, heard.mock.calls.length]).toEqual([null, 0]);
  });
});

describe('CartModel', () => {
  it('holds one wish per package, the last', () => {
    const cart = new CartModel();
    cart.put({ name: 'numpy', action: 'update', spec: 'numpy', version: '2.1' });
    cart.put({ name: 'numpy', action: 'remove', spec: 'numpy', version: '' });
    expect(cart.items.map(item => item.action)).toEqual(['remove']);
    cart.take('numpy');
    expect(cart.items).toEqual([]);
  });

  it('becomes one request for each kind of change: first what makes room', () => {
    const requests = requestsOf(
      [
        { name: 'polars', action: 'install', spec: 'pypi::polars', version: '' },
        { name: 'scipy', action: 'remove', spec: 'scipy', version: '' },
        { name: 'six', action: 'install', spec: 'six=1.16', version: '1.16' }
      ],
      'L2E'
    );
    expect(requests).toEqual([
      { action: 'remove', environment: 'L2E', specs: ['scipy'] },
      { action: 'install', environment: 'L2E', specs: ['pypi::polars', 'six=1.16'] }
    ]);
  });

  it.each([
    ['numpy', 'conda', '', 'numpy'],
    ['numpy', 'conda', '2.1', 'numpy=2.1'],
    ['polars', 'pypi', '', 'pypi::polars'],
    ['polars', 'pypi', '1.0', 'pypi::polars==1.0'],
    ['python', 'interpreter', '3.11', 'interpreter::python=3.11']
  ])('writes %s from %s in version "%s" as %s', (name, source, version, spec) => {
    expect(specOf(name, source, version)).toBe(spec);
  });
});

describe('PackagesModel', () => {
  async function shown(): Promise<PackagesModel> {
    const api = fakeApi();
    api.environments.packages.mockResolvedValue([pack('a'), pack('b'), pack('c'), pack('own', { source: 'pip' })]);
    api.environments.updates.mockResolvedValue({ updates: [{ name: 'b', installed: '1', newest: '2', source: '' }], complete: true });
    api.environments.why.mockImplementation((_: string, name: string) => Promise.resolve([['root', name]]));
    const model = new PackagesModel(fakeManager(api).api.environments, id);
    await model.show();
    return model;
  }

  it('selects ranges and all, but nothing that another tool put there', async () => {
    const model = await shown();
    model.selectRange('c', 'b');
    expect([...model.selected]).toEqual(['b', 'c']);
    model.selectAll(true);
    expect([...model.selected]).toEqual(['a', 'b', 'c']);
  });

  it('forgets the selection of rows that are filtered out', async () => {
    const model = await shown();
    model.selectAll(true);
    model.setGroup('updates');
    expect([...model.selected]).toEqual(['b']);
    model.setText('nothing like it');
    expect([...model.selected]).toEqual([]);
  });

  it('sorts the other way round when asked twice', async () => {
    const model = await shown();
    model.sortBy('name');
    expect(model.rows[0]?.package.name).toBe('own');
    model.sortBy('size');
    expect(model.order).toEqual({ column: 'size', descending: true });
  });

  it('asks why only the open package is there', async () => {
    const model = await shown();
    model.setOpen('b');
    expect(model.why).toBeNull();
    await model.askWhy();
    expect(model.why?.value).toEqual([['root', 'b']]);
    model.setOpen('c');
    expect(model.why).toBeNull();
  });
});

describe('SearchModel', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('asks once for what is typed in one go', async () => {
    const api = fakeApi();
    api.catalogue.search.mockResolvedValue({ results: [], complete: true, problems: [] });
    const model = new SearchModel(fakeManager(api).api.catalogue, id);
    ['p', 'pa', 'pan'].forEach(text => model.setText(text));
    await vi.runAllTimersAsync();
    expect(api.catalogue.search.mock.calls).toEqual([['pan', 'L2E']]);
  });

  it('drops an answer that comes after a newer one was asked for', async () => {
    const api = fakeApi();
    const slow = deferred<unknown>();
    const found = (name: string) => ({ results: [{ name }], complete: true });
    api.catalogue.search.mockReturnValueOnce(slow.promise).mockResolvedValueOnce(found('pandas'));
    const model = new SearchModel(fakeManager(api).api.catalogue, id, 10);
    model.setText('p');
    await vi.advanceTimersByTimeAsync(10);
    model.setText('pandas');
    await vi.advanceTimersByTimeAsync(10);
    slow.resolve(found('pip'));
    await vi.advanceTimersByTimeAsync(10);
    expect(model.answer).toEqual(found('pandas'));
    expect(model.searching).toBe(false);
  });

  it('asks again while a source has not answered', async () => {
    const api = fakeApi();
    api.catalogue.search
      .mockResolvedValueOnce({ results: [], complete: false })
      .mockResolvedValueOnce({ results: [{ name: 'six' }], complete: true });
    const model = new SearchModel(fakeManager(api).api.catalogue, id, 10, 100);
    model.setText('six');
    await vi.advanceTimersByTimeAsync(10);
    expect(model.searching).toBe(true);
    await vi.advanceTimersByTimeAsync(100);
    expect([model.answer?.results.length, model.searching]).toEqual([1, false]);
  });

  it('shows a refusal, and nothing for an empty text', async () => {
    const api = fakeApi();
    const model = new SearchModel(fakeManager(api).api.catalogue, id, 10);
    api.catalogue.search.mockRejectedValueOnce(new Error('offline'));
    model.setText('six');
    await vi.advanceTimersByTimeAsync(10);
    expect(model.problem?.message).toBe('offline');
    model.setText(' ');
    await vi.advanceTimersByTimeAsync(10);
    expect([model.problem, model.answer, api.catalogue.search.mock.calls.length]).toEqual([null, null, 1]);
  });
});

describe('HistoryModel', () => {
  it('has the newest first and compares two', async () => {
    const api = fakeApi();
    api.environments.history.mockResolvedValue(readHistory({ generations: [{ number: 1 }, { number: 2 }], current: 2 }));
    api.environments.compare.mockResolvedValue([]);
    const model = new HistoryModel(fakeManager(api).api.environments, id);
    await model.show();
    expect(model.generations.map(generation => generation.number)).toEqual([2, 1]);
    model.compare({ from: 1, to: 2 });
    await settle();
    expect([api.environments.compare.mock.calls[0], model.comparison?.value]).toEqual([['L2E', 1, 2], []]);
  });

  it('counts what came, went and changed', () => {
    const changes = ['added', 'added', 'removed', 'upgraded', 'rebuilt'].map(kind => ({ kind }));
    expect(summarise(changes)).toEqual({ added: 2, removed: 1, changed: 2 });
  });
});

describe('HealthModel', () => {
  const finding = (code: string, severity: string) => ({ code, severity, message: code });

  it('shows the worst first and nothing twice', () => {
    const found = readFindings({ findings: [finding('n', 'note'), finding('e', 'error'), finding('n', 'note')] });
    expect(sortFindings(found).map(each => each.code)).toEqual(['e', 'n']);
  });

  it('mends by a job, then looks again', async () => {
    const api = fakeApi();
    const manager = fakeManager(api);
    api.environments.doctor.mockResolvedValueOnce(readFindings({ findings: [finding('e', 'error')] })).mockResolvedValue([]);
    api.environments.disk.mockResolvedValue({ total: 1 });
    api.environments.fix.mockResolvedValue(job('j'));
    api.jobs.news.mockResolvedValue({ events: [], job: job('j', { state: 'done' }) });
    const model = new HealthModel(manager.api.environments, manager.jobs, id);
    await model.show();
    expect(model.findings?.length).toBe(1);
    await model.fix({ action: 'repair', specs: [] });
    expect([model.findings, model.problem, model.fixing]).toEqual([[], null, false]);
  });

  it('says why mending failed, also when it ended without a word', async () => {
    const api = fakeApi();
    const manager = fakeManager(api);
    api.environments.doctor.mockResolvedValue([]);
    api.environments.disk.mockResolvedValue({ total: 1 });
    const model = new HealthModel(manager.api.environments, manager.jobs, id);
    api.environments.fix.mockRejectedValueOnce(new Error('frozen'));
    await model.fix({ action: 'repair', specs: [] });
    expect(model.problem?.message).toBe('frozen');
    api.environments.fix.mockResolvedValueOnce(job('j', { state: 'interrupted' }));
    await model.fix({ action: 'repair', specs: [] });
    expect(model.problem?.code).toBe('job.interrupted');
  });
});

describe('KernelsModel', () => {
  it('tells that kernels have changed, but not when they have not', async () => {
    const api = fakeApi();
    const changed = vi.fn();
    const model = new KernelsModel(fakeManager(api).api.environments, id, changed);
    api.environments.registerKernels.mockResolvedValueOnce(readKernels({ kernels: [{ name: 'k' }] }));
    await model.register();
    expect([model.kernels.value?.kernels.length, changed.mock.calls.length]).toEqual([1, 1]);
    await model.register();
    expect([model.problem?.message, changed.mock.calls.length]).toEqual(['not expected: registerKernels', 1]);
  });
});

describe('ExportModel', () => {
  it('asks for exact builds only where there is a choice', async () => {
    const api = fakeApi();
    api.environments.export.mockImplementation((_: string, format: string) => Promise.resolve({ format, text: '', filename: '' }));
    const model = new ExportModel(fakeManager(api).api.environments, id);
    await model.show();
    model.choose('yaml', true);
    model.choose('pixi', true);
    await settle();
    expect(api.environments.export.mock.calls.map(call => call.slice(1))).toEqual([
      ['yaml', false],
      ['yaml', true],
      ['pixi', false]
    ]);
    expect(model.text.value?.format).toBe('pixi');
  });
});

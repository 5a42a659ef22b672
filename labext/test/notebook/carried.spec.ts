import { describe, expect, it } from 'vitest';

import { CarriedModel, describesEnvironment, kernelNameOf, offerOf } from '../../src/models/notebook/carried';
import { NotebookPlans } from '../../src/models/notebook/notebookPlans';
import type { INotebookAnswer } from '../../src/services/notebooks/interfaces';
import { readNotebookAnswer, readNotebookDifference, readNotebookLock } from '../../src/services/notebooks/validate';
import type { IPackageChange, IPlan, IPlansApi } from '../../src/services/plans/interfaces';
import { job } from '../fakes';

const LOCKED = { metadata: { jupyter_envs: {}, kernelspec: { name: 'envs-study' } }, cells: [] };
const PLAIN = { metadata: {}, cells: [{ cell_type: 'code', source: 'import six' }] };
const FOREIGN = ['https://channel.example/theirs'];
const NOWHERE = { exists: false, path: '' };

function answer(values: Partial<INotebookAnswer> = {}): INotebookAnswer {
  return {
    ...{ state: 'build', environment: null, prefix: '', kernel: '', name: 'study-1', because: '', requested: ['six'] },
    ...{ channels: null, origins: { channel: 2 }, download_bytes: 10, hosts: [], refused: [], foreign: {}, beside: [], ...values }
  };
}

function setUp(said: INotebookAnswer | Error = answer()) {
  const asked: string[] = [];
  const kept = new Map<string, string>();
  const memory = {
    getItem: (key: string): string | null => kept.get(key) ?? null,
    setItem: (key: string, value: string): void => void kept.set(key, value)
  };
  const ask = ({ path }: { path: string }): Promise<INotebookAnswer> => {
    asked.push(path);
    return said instanceof Error ? Promise.reject(said) : Promise.resolve(said);
  };
  return { asked, memory, kept, make: () => new CarriedModel({ ask }, memory) };
}

describe('what a notebook says', () => {
  it('is found in its metadata and in the block of its first code cell', () => {
    const script = { metadata: {}, cells: [{ cell_type: 'markdown', source: 'x' }, { cell_type: 'code', source: ['# /// script\n', '# ///'] }] };
    expect([LOCKED, script, PLAIN, {}, null].map(describesEnvironment)).toEqual([true, true, false, false, false]);
    expect([LOCKED, PLAIN, null].map(kernelNameOf)).toEqual(['envs-study', '', '']);
  });
});

describe('what is offered', () => {
  it('is the kernel of an environment that has it all, unless it is chosen', () => {
    const ready = answer({ state: 'ready', prefix: '/envs/a' });
    expect(offerOf(ready, NOWHERE)).toBe('use');
    expect(offerOf(ready, { exists: true, path: '/envs/b' })).toBe('use');
    expect(offerOf(ready, { exists: true, path: '/envs/a' })).toBe(null);
  });

  it('is to build it, but not from sources that are refused', () => {
    expect(offerOf(answer(), NOWHERE)).toBe('build');
    expect(offerOf(answer({ state: 'solve' }), NOWHERE)).toBe('build');
    expect(offerOf(answer({ refused: ['pypi'] }), NOWHERE)).toBe('refused');
  });

  it('is a file beside it only where its kernel is not here', () => {
    const beside = answer({ state: 'none', beside: ['requirements.txt'] });
    expect(offerOf(beside, NOWHERE)).toBe('beside');
    expect(offerOf(beside, { exists: true, path: '' })).toBe(null);
    expect(offerOf(answer({ state: 'none' }), NOWHERE)).toBe(null);
  });
});

describe('CarriedModel', () => {
  it('asks nothing about an ordinary notebook', async () => {
    const { asked, make } = setUp();
    const model = make();
    await model.look({ content: PLAIN, path: 'a.ipynb' }, { exists: true, path: '/envs/a' });
    expect([asked, model.isShown]).toEqual([[], false]);
  });

  it('says no more about a notebook that was dismissed, and still does about others', async () => {
    const { make } = setUp();
    const [model, again, other] = [make(), make(), make()];
    await model.look({ content: LOCKED, path: 'a.ipynb' }, NOWHERE);
    expect(model.offer).toBe('build');
    model.dismiss();
    await again.look({ content: LOCKED, path: 'a.ipynb' }, NOWHERE);
    await other.look({ content: LOCKED, path: 'b.ipynb' }, NOWHERE);
    expect([model.isShown, again.isShown, other.isShown]).toEqual([false, false, true]);
  });

  it('does not mind what else stands in the memory', async () => {
    const { make, kept } = setUp();
    kept.set('jupyter-envs:not-built', '{');
    const model = make();
    await model.look({ content: LOCKED, path: 'a.ipynb' }, NOWHERE);
    expect(model.offer).toBe('build');
  });

  it('shows why a lock cannot be read', async () => {
    const model = setUp(new Error('the lock is of a newer version')).make();
    await model.look({ content: LOCKED, path: 'a.ipynb' }, NOWHERE);
    expect([model.isShown, model.offer, model.problem?.message]).toEqual([true, null, 'the lock is of a newer version']);
  });

  it('is silent once the kernel is chosen', async () => {
    const model = setUp().make();
    await model.look({ content: LOCKED, path: 'a.ipynb' }, NOWHERE);
    model.settle();
    expect(model.isShown).toBe(false);
  });
});

describe('NotebookPlans', () => {
  const CHANGE: IPackageChange = { name: 'six', kind: 'upgraded', before: null, after: null };

  function plansOf(said: INotebookAnswer, file = '') {
    const calls: unknown[] = [];
    const plan = { scripts_unknown: 3, download_bytes: 10 };
    const told = <T>(name: string, value: T) => (...args: unknown[]): Promise<T> => {
      calls.push([name, ...args]);
      return Promise.resolve(value);
    };
    const plans = { plan: told('plan', job()), get: told('get', plan as IPlan), execute: told('execute', job()), change: told('change', job()) };
    const notebooks = { plan: told('notebook', job()), difference: told('difference', { changes: [CHANGE], foreign_hosts: ['other.example'] }) };
    const notebook = { content: LOCKED, path: 'a.ipynb' };
    return { calls, notebook, plan, made: new NotebookPlans(plans as IPlansApi, notebooks, notebook, said, file, FOREIGN) };
  }

  it('lets the server put the request together, and plans one that a fix changed itself', async () => {
    const { calls, notebook, made } = plansOf(answer(), 'requirements.txt');
    await made.plan(made.request);
    const other = { ...made.request, specs: ['six=1'] };
    await made.plan(other);
    expect(calls).toEqual([['notebook', notebook, 'requirements.txt', FOREIGN], ['plan', other]]);
  });

  it('runs only scripts that were shown, and says of how many packages they are not known', async () => {
    const { calls, made } = plansOf(answer());
    await made.get('p');
    await made.execute('p');
    expect([made.scriptsUnknown, calls[calls.length - 1]]).toEqual([3, ['execute', 'p', true]]);
  });

  it('names the servers of a lock only where something is downloaded', async () => {
    const { made, plan } = plansOf(answer({ hosts: ['files.example'] }));
    await made.get('p');
    expect(made.hosts).toEqual(['files.example']);
    plan.download_bytes = 0;
    await made.get('p');
    expect(made.hosts).toEqual([]);
    const beside = plansOf(answer({ hosts: ['files.example'] }), 'requirements.txt');
    await beside.made.get('p');
    expect(beside.made.hosts).toEqual([]);
  });

  it('names the servers that the settings do not, of what is downloaded', async () => {
    const { made } = plansOf(answer({ hosts: ['other.example'] }));
    await made.get('p');
    expect([made.foreignHosts, made.difference]).toEqual([['other.example'], null]);
  });

  it('tells of scripts that are not known in the note, and not again in the plan', async () => {
    const { made } = plansOf(answer());
    const plan = await made.get('p');
    expect([made.scriptsUnknown, plan.scripts_unknown]).toEqual([3, 0]);
  });

  it('compares with the lock only where that could not be taken', async () => {
    const exact = plansOf(answer());
    exact.plan.download_bytes = 0;
    await exact.made.get('p');
    expect([exact.made.difference, exact.calls.length]).toEqual([null, 1]);
    const solved = plansOf(answer({ state: 'solve', because: 'it is locked for osx-arm64' }));
    await solved.made.get('p');
    expect(solved.made.difference).toEqual([CHANGE]);
  });
});

describe('answers', () => {
  it('are read, and refused when they are something else', () => {
    expect(readNotebookAnswer({ ...answer(), platforms: [] })).toEqual(answer());
    const foreign = { '': FOREIGN, 'environment.yml': [] };
    expect(readNotebookAnswer({ ...answer(), foreign }).foreign).toEqual(foreign);
    expect(() => readNotebookAnswer({ ...answer(), state: 'maybe' })).toThrow('answer.state');
    expect(() => readNotebookAnswer({ ...answer(), origins: { a: 'b' } })).toThrow('answer.origins.a');
    const compared = { changes: [], foreign_hosts: ['other.example'] };
    expect(readNotebookDifference(compared)).toEqual(compared);
    expect(() => readNotebookDifference({ changes: [1], foreign_hosts: [] })).toThrow('answer.changes');
    const lock = { key: 'jupyter_envs', lock: { lock_version: 1 }, subdir: 'linux-64', packages: 3 };
    expect(readNotebookLock(lock)).toEqual(lock);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { EnvironmentsModel } from '../src/models/environments';
import { Measuring } from '../src/models/measuring';
import { SettingsModel } from '../src/models/settings';
import { SidebarModel, groupsOf } from '../src/models/sidebar';
import type { IEnvironment, IEnvironmentsApi } from '../src/services/environments/interfaces';
import { environment } from './fakes';

/** The list of a server, as tests set it. */
function serverWith(environments: IEnvironment[]): { list: IEnvironment[]; api: IEnvironmentsApi } {
  const server = { list: environments, api: {} as IEnvironmentsApi };
  server.api = { list: () => Promise.resolve(server.list) } as unknown as IEnvironmentsApi;
  return server;
}

describe('groupsOf', () => {
  const all = [
    environment({ name: 'b10' }),
    environment({ name: 'b2' }),
    environment({ name: 'base', external: true, path: '/opt/conda' })
  ];
  it('sorts numbers as people do and puts other tools apart', () => {
    const groups = groupsOf(all, '', true);
    expect(groups.map(group => group.environments.map(one => one.name))).toEqual([['b2', 'b10'], ['base']]);
  });
  it('finds by path too, and leaves out empty groups', () => {
    expect(groupsOf(all, 'CONDA', true).map(group => group.name)).toEqual(['external']);
  });
  it('puts what others publish into a group of its own', () => {
    const shared = environment({ name: 'course', kind: 'shared', writable: false });
    expect(groupsOf([...all, shared], '', false).map(group => group.name)).toEqual(['own', 'shared']);
    expect(groupsOf([shared], '', true)[0]?.environments).toEqual([shared]);
  });
  it('can leave other tools out', () => {
    expect(groupsOf(all, '', false).map(group => group.name)).toEqual(['own']);
  });
});

describe('SidebarModel', () => {
  it('lists the active notebook’s environment above and not below', async () => {
    const environments = new EnvironmentsModel(serverWith([environment({ name: 'a' }), environment({ name: 'b' })]).api);
    const model = new SidebarModel(environments, new SettingsModel());
    await environments.refresh();
    environments.activePath = '/envs/a';
    expect(environments.active?.name).toBe('a');
    expect(model.groups[0]?.environments.map(one => one.name)).toEqual(['b']);
  });
  it('unfolds while one filters', () => {
    const model = new SidebarModel(new EnvironmentsModel(serverWith([]).api), new SettingsModel());
    model.fold('own', true);
    expect(model.isFolded('own')).toBe(true);
    model.filter = 'x';
    expect(model.isFolded('own')).toBe(false);
  });
  it('forgets a selected environment that is gone', async () => {
    const server = serverWith([environment({ name: 'a' })]);
    const environments = new EnvironmentsModel(server.api);
    const model = new SidebarModel(environments, new SettingsModel());
    await environments.refresh();
    model.select('id-a');
    expect(model.selected?.name).toBe('a');
    server.list = [];
    await environments.refresh();
    expect(model.selected).toBeNull();
  });
});

describe('Measuring', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const usage = { total: 9, unique: 5, shared: 4, apparent: 9, files: 1 };

  it('measures one after the other, only while somebody looks, and again after a change', async () => {
    const server = serverWith([environment({ name: 'a' }), environment({ name: 'b' })]);
    const environments = new EnvironmentsModel(server.api);
    const asked: string[] = [];
    let isWatched = false;
    const disk = (id: string): Promise<typeof usage> => {
      asked.push(id);
      return Promise.resolve(usage);
    };
    const measuring = new Measuring(environments, { disk }, () => isWatched, 10);
    await environments.refresh();
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual([]);
    isWatched = true;
    measuring.wake();
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual(['id-a', 'id-b']);
    expect(environments.environments?.map(one => one.size)).toEqual([5, 5]);
    server.list = [environment({ name: 'a', modified: 2 }), environment({ name: 'b' })];
    await environments.refresh();
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual(['id-a', 'id-b', 'id-a']);
    measuring.dispose();
  });

  it('does not try again what cannot be measured', async () => {
    const environments = new EnvironmentsModel(serverWith([environment({ name: 'a' })]).api);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const disk = vi.fn(() => Promise.reject(new Error('gone')));
    const measuring = new Measuring(environments, { disk }, () => true, 10);
    await environments.refresh();
    await vi.advanceTimersByTimeAsync(100);
    expect(disk).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledTimes(1);
    measuring.dispose();
    warn.mockRestore();
  });
});

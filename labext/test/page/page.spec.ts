import { describe, expect, it, vi } from 'vitest';

import { PageModel } from '../../src/models/page/page';
import { environment, fakeApi, fakeManager, job, pack, plan, settle } from './fakes';

async function made() {
  const api = fakeApi();
  api.environments.list.mockResolvedValue([environment()]);
  api.environments.packages.mockResolvedValue([pack('six')]);
  api.environments.updates.mockResolvedValue({ updates: [], complete: true });
  const manager = fakeManager(api);
  await manager.environments.refresh();
  const page = new PageModel(manager, 'L2E');
  const changed = vi.fn();
  page.changed.connect(changed);
  return { api, manager, page, changed };
}

describe('PageModel', () => {
  it('reads nothing while nobody sees it, and then only the tab that is looked at', async () => {
    const { api, page } = await made();
    page.setTab('packages');
    await settle();
    expect(api.environments.packages.mock.calls.length).toBe(0);
    page.setSeen(true);
    await settle();
    expect(page.packages.installed.value?.length).toBe(1);
    expect(api.environments.history.mock.calls.length).toBe(0);
  });

  it('reads again when somebody has changed the environment', async () => {
    const { api, manager, page } = await made();
    page.setSeen(true);
    await settle();
    api.environments.list.mockResolvedValue([environment({ generation: 2 })]);
    api.environments.packages.mockResolvedValue([pack('six'), pack('attrs')]);
    await manager.environments.refresh();
    await settle();
    expect(page.packages.installed.value?.length).toBe(2);
  });

  it('goes back from a plan to where it was asked for, and keeps what was put together', async () => {
    const { page } = await made();
    page.setTab('add');
    page.cart.put({ name: 'six', action: 'install', spec: 'six', version: '' });
    page.review();
    await settle();
    expect([page.tab, page.changes.state]).toEqual(['plan', 'failed']);
    page.back();
    expect([page.tab, page.changes.state, page.cart.items.length]).toEqual(['add', 'idle', 1]);
  });

  it('has no tabs to change what cannot be changed, and plans nothing for it', async () => {
    const { api, manager, page } = await made();
    page.setTab('add');
    api.environments.list.mockResolvedValue([environment({ kind: 'shared', writable: false })]);
    await manager.environments.refresh();
    expect([page.tab, page.tabs.includes('plan')]).toEqual(['packages', false]);
    page.propose([{ action: 'install', environment: 'L2E', specs: ['six'] }]);
    await settle();
    expect([page.changes.state, api.plans.plan.mock.calls.length]).toEqual(['idle', 0]);
  });

  it('follows the environment to its new name', async () => {
    const { api, manager, page } = await made();
    api.environments.list.mockResolvedValue([environment({ id: 'L2I', name: 'b', path: '/b' })]);
    await manager.environments.refresh();
    expect(page.isGone).toBe(true);
    api.jobs.list.mockResolvedValue([
      job('j', { kind: 'rename', state: 'done', environment: 'L2E', result: { prefix: '/b' } })
    ]);
    await manager.jobs.refresh();
    expect([page.id, page.environment?.name, page.isGone]).toEqual(['L2I', 'b', false]);
  });

  it('says that the environment is gone, and that it is back', async () => {
    const { api, manager, page, changed } = await made();
    api.environments.list.mockResolvedValue([]);
    await manager.environments.refresh();
    expect([page.isGone, page.environment?.name, changed.mock.calls.length]).toEqual([true, 'a', 1]);
    api.environments.list.mockResolvedValue([environment()]);
    await manager.environments.refresh();
    expect(page.isGone).toBe(false);
  });

  it('shows the live change of this environment only', async () => {
    const { manager, page, changed } = await made();
    manager.jobs.follow(job('other', { environment: 'L2I' }));
    expect([page.liveJob, changed.mock.calls.length]).toEqual([null, 0]);
    manager.jobs.follow(job('mine', { environment: 'L2E' }));
    expect([page.liveJob?.id, changed.mock.calls.length]).toEqual(['mine', 1]);
    manager.jobs.dispose();
  });

  it('takes out of the cart what has been carried out', async () => {
    const { api, page } = await made();
    api.plans.plan.mockResolvedValue(job('p', { kind: 'plan', state: 'done', result: { plan_id: 'p' } }));
    api.plans.get.mockResolvedValue(plan('p'));
    api.plans.execute.mockResolvedValue(job('x', { state: 'done' }));
    page.cart.put({ name: 'six', action: 'remove', spec: 'six', version: '' });
    page.cart.put({ name: 'tidy', action: 'install', spec: 'tidy', version: '' });
    page.review();
    await settle();
    expect([page.tab, page.changes.state]).toEqual(['plan', 'planned']);
    await page.changes.apply();
    expect(page.cart.items.map(item => item.name)).toEqual(['tidy']);
  });

  it('lets go of the shared models when it ends', async () => {
    const { api, manager, page, changed } = await made();
    page.dispose();
    api.environments.list.mockResolvedValue([]);
    await manager.environments.refresh();
    expect([page.isGone, changed.mock.calls.length]).toEqual([false, 0]);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { JobsModel } from '../src/models/jobs';
import { WatchedJobs } from '../src/models/watched';
import type { IJob } from '../src/services/jobs/interfaces';
import { FakeJobs, FakeStore, event, job } from './fakes';

const PACE = { young: 100, old: 100 };

describe('JobsModel', () => {
  let api: FakeJobs;
  let store: FakeStore;

  beforeEach(() => {
    vi.useFakeTimers();
    api = new FakeJobs();
    store = new FakeStore();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A tab that has been loaded, and the jobs whose end it tells. */
  async function open(): Promise<{ model: JobsModel; ended: IJob[] }> {
    const model = new JobsModel(api, new WatchedJobs(store), PACE);
    const ended: IJob[] = [];
    model.ended.connect((_, value) => ended.push(value));
    await model.refresh();
    return { model, ended };
  }

  it('follows a live job to its end and tells it once', async () => {
    api.jobs = [job()];
    const { model, ended } = await open();
    expect(model.live.map(live => live.id)).toEqual(['j1']);
    api.end('j1');
    await vi.advanceTimersByTimeAsync(150);
    await model.refresh();
    expect(ended.map(value => value.state)).toEqual(['done']);
    expect(model.live).toEqual([]);
    expect(model.past.map(past => past.id)).toEqual(['j1']);
  });

  it('says nothing of jobs that had ended before', async () => {
    api.jobs = [job({ state: 'failed' })];
    expect((await open()).ended).toEqual([]);
  });

  it('tells a job that ended while the tab was reloading, once', async () => {
    api.jobs = [job()];
    (await open()).model.dispose();
    api.end('j1');
    expect((await open()).ended.map(value => value.id)).toEqual(['j1']);
    expect((await open()).ended).toEqual([]);
  });

  it('keeps what was asked for over a reload, so that it can be asked again', async () => {
    api.jobs = [job()];
    const request = { action: 'install', environment: 'id-analysis', specs: ['pandas'] } as const;
    const { model } = await open();
    model.follow(job(), request);
    model.dispose();
    expect((await open()).model.requestOf('j1')).toEqual(request);
  });

  it('knows what was asked for in another tab, as the server tells it', async () => {
    const request = { action: 'install', environment: 'id-analysis', specs: ['pandas'] } as const;
    api.jobs = [job({ state: 'failed', request }), job({ id: 'j2', state: 'failed' })];
    const { model } = await open();
    expect(model.requestOf('j1')).toEqual(request);
    expect(model.requestOf('j2')).toBeNull();
  });

  it('asks again after the server was away, less often', async () => {
    api.jobs = [job()];
    const { model, ended } = await open();
    api.isDown = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(model.problem?.message).toContain('does not answer');
    expect(api.asked).toBeLessThan(7);
    api.isDown = false;
    api.end('j1');
    await vi.advanceTimersByTimeAsync(2000);
    expect(model.problem).toBeNull();
    expect(ended.map(value => value.id)).toEqual(['j1']);
  });

  it('forgets a job that was cleaned away', async () => {
    api.jobs = [job()];
    const { model } = await open();
    api.jobs = [];
    await vi.advanceTimersByTimeAsync(150);
    expect(model.jobs).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('shows progress that never goes back', async () => {
    api.jobs = [job()];
    const { model } = await open();
    api.events = [event({ seq: 1, phase: 'link', done: 5, total: 10 })];
    await vi.advanceTimersByTimeAsync(150);
    const before = model.progressOf('j1')!.fraction!;
    api.events.push(event({ seq: 2, phase: 'fetch', done_bytes: 1, total_bytes: 100 }));
    await vi.advanceTimersByTimeAsync(150);
    expect(model.progressOf('j1')).toMatchObject({ phase: 'fetch', totalBytes: 100, fraction: before });
  });

  it('does not show the making of a plan as a change', async () => {
    api.jobs = [job({ kind: 'plan' })];
    expect((await open()).model.live).toEqual([]);
  });

  it('resolves a wait with the ended job', async () => {
    api.jobs = [job()];
    const { model } = await open();
    const wait = model.whenEnded(job());
    api.end('j1', { state: 'cancelled' });
    await vi.advanceTimersByTimeAsync(150);
    expect((await wait).state).toBe('cancelled');
  });
});

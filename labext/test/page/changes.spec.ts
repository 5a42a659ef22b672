import { describe, expect, it } from 'vitest';

import { ChangesModel } from '../../src/models/page/changes';
import { RequestError } from '../../src/services/errors';
import type { IChangeRequest } from '../../src/services/plans/interfaces';
import { deferred, fakeApi, fakeManager, job, plan, settle } from './fakes';

const REMOVE: IChangeRequest = { action: 'remove', environment: 'L2E', specs: ['scipy'] };
const INSTALL: IChangeRequest = { action: 'install', environment: 'L2E', specs: ['six'] };

function made(): { api: ReturnType<typeof fakeApi>; model: ChangesModel } {
  const api = fakeApi();
  const manager = fakeManager(api);
  let number = 0;
  api.plans.plan.mockImplementation(() => {
    number += 1;
    return Promise.resolve(job(`plan-${number}`, { kind: 'plan', state: 'done', result: { plan_id: `p${number}` } }));
  });
  api.plans.get.mockImplementation((planId: string) => Promise.resolve(plan(planId)));
  api.plans.execute.mockImplementation((planId: string) =>
    Promise.resolve(job(`job-${planId}`, { state: 'done', result: { plan_id: planId, executed: true } }))
  );
  return { api, model: new ChangesModel(manager.api.plans, manager.jobs) };
}

describe('ChangesModel', () => {
  it('plans the second request when the first is carried out', async () => {
    const { api, model } = made();
    const done: IChangeRequest[] = [];
    model.stepDone.connect((_, request) => void done.push(request));
    await model.start([REMOVE, INSTALL]);
    expect([model.state, model.step, api.plans.plan.mock.calls.length]).toEqual(['planned', 0, 1]);
    await model.apply();
    expect([model.state, model.step, model.plan?.plan_id]).toEqual(['planned', 1, 'p2']);
    await model.apply();
    expect([model.state, model.step, done]).toEqual(['finished', 2, [REMOVE, INSTALL]]);
  });

  it('stops at a step that failed and plans it again', async () => {
    const { api, model } = made();
    await model.start([REMOVE, INSTALL]);
    api.plans.execute.mockResolvedValueOnce(job('j', { state: 'failed', error: { code: 'link', message: 'no space' } }));
    await model.apply();
    expect([model.state, model.step, model.problem?.message]).toEqual(['failed', 0, 'no space']);
    await model.again();
    expect([model.state, model.problem, api.plans.plan.mock.lastCall]).toEqual(['planned', null, [REMOVE]]);
  });

  it('calls a plan that was refused because of the environment stale, not failed', async () => {
    const { api, model } = made();
    await model.start([INSTALL]);
    const refusal = { code: 'plan.stale', message: 'changed', hint: '', detail: null };
    api.plans.execute.mockRejectedValueOnce(new RequestError(refusal, 409));
    await model.apply();
    expect(model.state).toBe('stale');
    await model.again();
    expect(model.state).toBe('planned');
  });

  it('finds out that a plan no longer holds when the environment has changed', async () => {
    const { api, model } = made();
    await model.start([INSTALL]);
    await model.check();
    expect(model.state).toBe('planned');
    api.plans.get.mockResolvedValueOnce(plan('p1', true));
    await model.check();
    expect(model.state).toBe('stale');
    await model.apply();
    expect(api.plans.execute.mock.calls.length).toBe(0);
  });

  it('says only that a job was stopped when it was', async () => {
    const { api, model } = made();
    await model.start([INSTALL]);
    api.plans.execute.mockResolvedValueOnce(job('j', { state: 'cancelled', error: { code: 'cancelled', message: 'cancelled' } }));
    await model.apply();
    expect([model.state, model.problem?.code, model.problem?.message]).toEqual(['failed', 'job.cancelled', '']);
  });

  it('goes on to the next request where the first has nothing to do', async () => {
    const { api, model } = made();
    await model.start([REMOVE, INSTALL]);
    model.skip();
    await settle();
    expect([model.state, model.step, api.plans.execute.mock.calls.length]).toEqual(['planned', 1, 0]);
  });

  it('is done with a request of which a fix leaves nothing', async () => {
    const { model } = made();
    const done: IChangeRequest[] = [];
    model.stepDone.connect((_, request) => void done.push(request));
    await model.start([INSTALL]);
    await model.fix({ kind: 'drop', request: 'six', replacement: '', also: [], versions: {} });
    expect([model.state, done]).toEqual(['idle', [INSTALL]]);
  });

  it('takes no notice of a job whose changes were discarded', async () => {
    const { api, model } = made();
    const answer = deferred<ReturnType<typeof job>>();
    api.plans.execute.mockReturnValueOnce(answer.promise);
    await model.start([INSTALL]);
    const applying = model.apply();
    expect(model.state).toBe('running');
    model.discard();
    answer.resolve(job('j', { state: 'done' }));
    await applying;
    await settle();
    expect([model.state, model.requests]).toEqual(['idle', []]);
  });
});

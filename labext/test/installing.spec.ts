import { describe, expect, it } from 'vitest';

import { InstallModel } from '../src/models/installing';
import { JobsModel } from '../src/models/jobs';
import type { IApi } from '../src/services';
import { RequestError } from '../src/services/errors';
import type { IChangeRequest } from '../src/services/plans/interfaces';
import { FakeJobs, environment } from './fakes';

describe('InstallModel', () => {
  it('leads back from a refusal to what was asked for, and to what a fix made of it', async () => {
    const asked: IChangeRequest[] = [];
    const plan = (request: IChangeRequest): Promise<never> => {
      asked.push(request);
      return Promise.reject(new RequestError({ code: 'policy.blocked', message: 'no', hint: '', detail: null }, 403));
    };
    const api = { catalogue: {}, plans: { plan } } as unknown as IApi;
    const model = new InstallModel({ api, jobs: new JobsModel(new FakeJobs()) }, environment({ name: 'mine' }));
    await model.preview();
    expect(asked).toEqual([]);
    model.specs = ['numpy<2', 'miner'];
    await model.preview();
    expect(asked).toEqual([{ action: 'install', environment: 'id-mine', specs: ['numpy<2', 'miner'] }]);
    expect([model.planning.state, model.isHarmless]).toEqual(['failed', false]);
    model.back();
    expect([model.planning.state, model.specs]).toEqual(['idle', ['numpy<2', 'miner']]);
    await model.preview();
    await model.planning.replace('miner', 'mine');
    model.back();
    expect(model.specs).toEqual(['numpy<2', 'mine']);
  });
});

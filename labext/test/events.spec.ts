import { describe, expect, it } from 'vitest';

import { readingsAfter } from '../src/models/events';

const JOB = 'https://events.jupyter.org/jupyter_envs/job/v1';
const ENVIRONMENT = 'https://events.jupyter.org/jupyter_envs/environment/v1';

describe('readingsAfter', () => {
  it.each([
    [{ schema_id: JOB, kind: 'change', state: 'running' }, ['jobs', 'environments']],
    [{ schema_id: JOB, kind: 'plan', state: 'done' }, ['jobs']],
    [{ schema_id: ENVIRONMENT, change: 'kernels' }, ['kernels', 'environments']],
    [{ schema_id: ENVIRONMENT, change: 'changed' }, ['environments']],
    [{ schema_id: ENVIRONMENT, change: { odd: true } }, ['environments']],
    [{ schema_id: 'https://events.jupyter.org/jupyter_server/contents_service/v1', kind: 'change' }, []],
    [{}, []]
  ])('reads again what %o may have changed', (event, readings) => {
    expect(readingsAfter(event)).toEqual(readings);
  });
});

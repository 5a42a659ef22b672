import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { outcomeText } from '../src/widgets/jobText';
import { job } from './fakes';

const TRANS = nullTranslator.load('jupyter_envs');

describe('outcomeText', () => {
  it('says of a killed job whether it can have changed anything', () => {
    const error = { code: 'job.interrupted', message: 'gone', hint: '', detail: null };
    expect(outcomeText(job({ state: 'interrupted', error }), TRANS)).toContain('in its old or its new state');
    const early = { ...error, code: 'job.interrupted.early' };
    expect(outcomeText(job({ state: 'interrupted', error: early }), TRANS)).toContain('before it changed anything');
  });
});

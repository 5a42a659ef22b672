import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { progressOfEvent } from '../src/models/progress';
import { readJob } from '../src/services/jobs/validate';
import { jobTitle, outcomeText, phaseText } from '../src/widgets/jobText';
import { event, job } from './fakes';

const TRANS = nullTranslator.load('jupyter_envs');

describe('outcomeText', () => {
  it('says of a killed job whether it can have changed anything', () => {
    const error = { code: 'job.interrupted', message: 'gone', hint: '', detail: null };
    expect(outcomeText(job({ state: 'interrupted', error }), TRANS)).toContain('in its old or its new state');
    const early = { ...error, code: 'job.interrupted.early' };
    expect(outcomeText(job({ state: 'interrupted', error: early }), TRANS)).toContain('before it changed anything');
  });

  it('names what was asked for before what came with it, in every tab', () => {
    const changes = ['appdirs', 'flit_core', 'numpy', 'pandas', 'zope.event'].map(name => ({ name, kind: 'added' }));
    const result = { executed: true, newly_requested: ['pypi::Zope-Event[test]>=5'], result: { changes } };
    const done = readJob({ id: 'j', kind: 'execute', action: 'install', state: 'done', name: 'analysis', result });
    expect(outcomeText(done, TRANS)).toBe('Installed into analysis: zope.event, appdirs, flit_core and 2 more packages');
    expect(outcomeText(done, TRANS, ['pandas>=2'])).toContain('analysis: pandas, zope.event, appdirs and');
  });

  it('calls what a bundle does neither a download nor a change', () => {
    const bundle = job({ kind: 'bundle', action: 'bundle', name: 'stick', environment: null });
    expect(jobTitle(bundle, TRANS)).toBe('Bundling into stick');
    expect(phaseText(progressOfEvent(event({ phase: 'fetch' })), bundle, TRANS)).toBe('Gathering the archives');
    expect(phaseText(progressOfEvent(event({ phase: 'fetch' })), job({}), TRANS)).toBe('Downloading');
  });

  it('names what a build made, and speaks of no environment when it stopped', () => {
    const build = { kind: 'build', action: 'build', name: 'greet', environment: null, path: '' };
    const answer = { ...build, id: 'b', state: 'done', result: { channel: '/c', packages: [{ dist: 'greet-1.2-h1_0', state: 'built' }] } };
    expect(outcomeText(readJob(answer), TRANS)).toBe('Built greet: greet-1.2-h1_0');
    answer.result.packages[0]!.state = 'present';
    expect(outcomeText(readJob(answer), TRANS)).toBe('greet was built before: greet-1.2-h1_0');
    expect(outcomeText(job({ ...build, state: 'cancelled' }), TRANS)).toBe('Building greet: cancelled. Nothing half-built is in the channel.');
  });
});

/** Unknown JSON to jobs; throws `InvalidResponse`. */

import { readProblem } from '../errors';
import { Fields } from '../fields';
import { readAsked } from '../plans/validate';
import { IBuiltPackage, IJob, IJobEvent, IJobNews, IJobResult, ILogPiece, JOB_STATES } from './interfaces';

/** Read a job. */
export function readJob(value: unknown, where = 'job'): IJob {
  const fields = new Fields(value, where);
  return {
    id: fields.text('id'),
    kind: fields.text('kind'),
    state: fields.word('state', JOB_STATES),
    action: fields.maybeText('action') ?? '',
    environment: fields.maybeText('environment'),
    path: fields.text('path', ''),
    name: fields.maybeText('name') ?? '',
    command: fields.text('command', ''),
    created_at: fields.number('created_at', 0),
    started_at: fields.maybeNumber('started_at'),
    ended_at: fields.maybeNumber('ended_at'),
    cancel_requested: fields.flag('cancel_requested', false),
    request: fields.maybe('request', readAsked),
    error: fields.maybe('error', readProblem),
    result: fields.maybe('result', readResult)
  };
}

/** Read `{"job": …}`. */
export function readJobAnswer(value: unknown): IJob {
  return new Fields(value, 'answer').required('job', readJob);
}

/** The change's own result is nested in that of the job; the result of a plan has only its id. */
function readResult(value: unknown, where: string): IJobResult {
  const outer = new Fields(value, where);
  const inner = outer.maybe('result', (result, at) => new Fields(result, at)) ?? outer;
  return {
    plan_id: outer.text('plan_id', ''),
    executed: outer.flag('executed', false),
    prefix: inner.text('prefix', ''),
    generation: inner.maybeNumber('generation'),
    kernels: outer.list('kernels', readKernelName),
    old_kernels: inner.texts('old_kernels'),
    changed: inner.list('changes', (change, at) => new Fields(change, at).text('name')),
    asked: outer.texts('newly_requested'),
    messages: inner.texts('messages'),
    channel: outer.text('channel', ''),
    built: outer.list('packages', readBuilt)
  };
}

function readBuilt(value: unknown, where: string): IBuiltPackage {
  const fields = new Fields(value, where);
  return { dist: fields.text('dist'), state: fields.text('state') };
}

function readKernelName(value: unknown, where: string): string {
  return typeof value === 'string' ? value : new Fields(value, where).text('name');
}

/** Read what is new in a job's stream. */
export function readNews(value: unknown): IJobNews {
  const fields = new Fields(value, 'answer');
  return { events: fields.list('events', readEvent), job: fields.required('job', readJob) };
}

function readEvent(value: unknown, where: string): IJobEvent {
  const fields = new Fields(value, where);
  return {
    seq: fields.number('seq'),
    time: fields.number('time', 0),
    kind: fields.text('kind'),
    phase: fields.text('phase', ''),
    text: fields.text('text', ''),
    hint: fields.text('hint', ''),
    done: fields.number('done', 0),
    total: fields.number('total', 0),
    done_bytes: fields.number('done_bytes', 0),
    total_bytes: fields.number('total_bytes', 0),
    eta: fields.maybeNumber('eta')
  };
}

/** Read a piece of a log. */
export function readLog(value: unknown): ILogPiece {
  const fields = new Fields(value, 'log');
  return { text: fields.text('text'), next: fields.number('next') };
}

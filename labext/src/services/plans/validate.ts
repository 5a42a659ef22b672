/** Unknown JSON to plans and conflicts; throws `InvalidResponse`. */

import { Fields } from '../fields';
import { ACTIONS, IChangeRequest, IConflict, IFix, INeed, IPackageChange, IPlan, IPlannedPackage, IUnknownName } from './interfaces';

/** Read `{"plan": …, "stale": …}`. */
export function readPlanAnswer(value: unknown): IPlan {
  const answer = new Fields(value, 'answer');
  const stale = answer.flag('stale', false);
  return answer.required('plan', (plan, where) => readPlan(plan, where, stale));
}

function readPlan(value: unknown, where: string, stale: boolean): IPlan {
  const fields = new Fields(value, where);
  return {
    plan_id: fields.text('plan_id'),
    action: fields.text('action', ''),
    name: fields.text('name', ''),
    prefix: fields.text('prefix', ''),
    changes: fields.list('changes', readChange),
    download_bytes: fields.number('download_bytes', 0),
    disk_bytes: fields.number('disk_bytes', 0),
    freed_bytes: fields.number('freed_bytes', 0),
    warnings: fields.list('warnings', readWarning),
    link_scripts: fields.texts('link_scripts'),
    scripts_unknown: fields.number('scripts_unknown', 0),
    requested: fields.texts('requested'),
    command: fields.text('command', ''),
    created_at: fields.text('created_at', ''),
    stale
  };
}

/** Read what was asked for, as it can be asked for again. */
export function readAsked(value: unknown, where: string): IChangeRequest {
  const fields = new Fields(value, where);
  return {
    action: fields.word('action', ACTIONS),
    environment: fields.maybeText('environment'),
    name: fields.maybeText('name'),
    specs: fields.texts('specs'),
    channels: fields.maybe('channels', readTexts),
    sources: fields.maybe('sources', readTexts),
    offline: fields.flag('offline', false),
    exclude_newer: fields.maybeText('exclude_newer'),
    generation: fields.maybeNumber('generation'),
    clone_from: fields.maybeText('clone_from'),
    variables: fields.textMap('variables'),
    // Left out, it would mean the server's own choice.
    ...fields.maybe('add_ipykernel', (flag): Partial<IChangeRequest> => ({ add_ipykernel: flag === true })),
    override_frozen: fields.flag('override_frozen', false)
  };
}

function readTexts(value: unknown, where: string): string[] {
  return new Fields({ texts: value }, where).texts('texts');
}

/** Read what happens to one package. */
export function readChange(value: unknown, where: string): IPackageChange {
  const fields = new Fields(value, where);
  return {
    name: fields.text('name'),
    kind: fields.text('kind'),
    before: fields.maybe('before', readPlanned),
    after: fields.maybe('after', readPlanned)
  };
}

function readPlanned(value: unknown, where: string): IPlannedPackage {
  const fields = new Fields(value, where);
  return {
    version: fields.text('version'),
    build: fields.text('build', ''),
    source: fields.text('source', ''),
    channel: fields.maybeText('channel') ?? '',
    size: fields.maybeNumber('size') ?? 0
  };
}

function readWarning(value: unknown, where: string): IPlan['warnings'][number] {
  const fields = new Fields(value, where);
  return { code: fields.text('code', ''), message: fields.text('message'), hint: fields.text('hint', '') };
}

/** Find the conflict in an error's detail; `null` when it carries none. */
export function findConflict(detail: unknown): IConflict | null {
  if (typeof detail !== 'object' || detail === null || !('conflict' in detail)) {
    return null;
  }
  const fields = new Fields(detail.conflict, 'conflict');
  return {
    requests: fields.list('requests', readRequest),
    needs: fields.list('needs', readNeed),
    fixes: fields.list('fixes', readFix),
    unknown: fields.list('unknown', readUnknown),
    hint: fields.text('hint', ''),
    solver_text: fields.text('solver_text', '')
  };
}

function readRequest(value: unknown, where: string): IConflict['requests'][number] {
  const fields = new Fields(value, where);
  return { text: fields.text('text'), name: fields.text('name', ''), kind: fields.text('kind', 'request') };
}

function readNeed(value: unknown, where: string): INeed {
  const fields = new Fields(value, where);
  return {
    request: fields.text('request'),
    name: fields.text('name', ''),
    spec: fields.text('spec'),
    chain: fields.texts('chain'),
    available: fields.flag('available', true),
    reason: fields.text('reason', '')
  };
}

function readFix(value: unknown, where: string): IFix {
  const fields = new Fields(value, where);
  return {
    kind: fields.word('kind', ['widen', 'python', 'drop', 'unpin']),
    request: fields.text('request', ''),
    replacement: fields.text('replacement', ''),
    also: fields.texts('also'),
    versions: fields.textMap('versions')
  };
}

function readUnknown(value: unknown, where: string): IUnknownName {
  const fields = new Fields(value, where);
  return {
    text: fields.text('text'),
    name: fields.text('name', ''),
    suggestions: fields.texts('suggestions'),
    reason: fields.text('reason', '')
  };
}

/** Unknown JSON to environments; throws `InvalidResponse`. */

import { Fields } from '../fields';
import { FIX_ACTIONS } from './interfaces';
import type {
  IDiskUsage,
  IEnvironment,
  IEnvironmentDetails,
  IExport,
  IFinding,
  IFindingFix,
  IGeneration,
  IGenerationChange,
  IHistory,
  IKernel,
  IKernels,
  IPackage,
  IStaleModule,
  IUpdate,
  IUpdates
} from './interfaces';

/** Read one line of the list of environments. */
export function readEnvironment(value: unknown, where = 'environment'): IEnvironment {
  const fields = new Fields(value, where);
  return {
    id: fields.text('id'),
    name: fields.text('name'),
    path: fields.text('path'),
    kind: fields.text('kind', ''),
    python: fields.maybeText('python'),
    packages: fields.number('packages', 0),
    has_ipykernel: fields.flag('has_ipykernel', false),
    broken: fields.flag('broken', false),
    frozen: fields.flag('frozen', false),
    external: fields.flag('external', false),
    busy: fields.flag('busy', false),
    interrupted: fields.flag('interrupted', false),
    active: fields.flag('active', false),
    writable: fields.flag('writable', true),
    modified: fields.number('modified', 0),
    generation: fields.number('generation', 0),
    problem: fields.text('problem', ''),
    kernels: fields.texts('kernels'),
    job: fields.maybeText('job'),
    size: fields.maybeNumber('size')
  };
}

/** Read an environment with what it was asked to hold. */
export function readDetails(value: unknown): IEnvironmentDetails {
  const fields = new Fields(value, 'environment');
  return {
    ...readEnvironment(value),
    requested: fields.texts('requested'),
    channels: fields.texts('channels'),
    sources: fields.texts('sources'),
    variables: fields.textMap('variables'),
    pinned: fields.texts('pinned')
  };
}

/** Read one installed package. */
export function readPackage(value: unknown, where = 'package'): IPackage {
  const fields = new Fields(value, where);
  return {
    name: fields.text('name'),
    version: fields.text('version'),
    build: fields.text('build', ''),
    subdir: fields.text('subdir', ''),
    source: fields.text('source', 'conda'),
    channel: fields.maybeText('channel') ?? '',
    size: fields.maybeNumber('size') ?? 0,
    requested: fields.flag('requested', false),
    spec: fields.maybeText('spec') ?? '',
    license: fields.maybeText('license') ?? '',
    depends: fields.texts('depends'),
    noarch: fields.maybeText('noarch') ?? '',
    summary: fields.maybeText('summary') ?? ''
  };
}

/** Read newer versions. */
export function readUpdates(value: unknown): IUpdates {
  const fields = new Fields(value, 'updates');
  return { updates: fields.list('updates', readUpdate), complete: fields.flag('complete', true) };
}

function readUpdate(value: unknown, where: string): IUpdate {
  const fields = new Fields(value, where);
  return {
    name: fields.text('name'),
    installed: fields.text('installed'),
    newest: fields.text('newest'),
    source: fields.text('source', '')
  };
}

/** Read chains of names from a requested package to the one that was asked about. */
export function readChains(value: unknown): string[][] {
  return new Fields(value, 'why').list('chains', (chain, where) => new Fields({ chain }, where).texts('chain'));
}

/** Read the generations. */
export function readHistory(value: unknown): IHistory {
  const fields = new Fields(value, 'generations');
  return { generations: fields.list('generations', readGeneration), current: fields.maybeNumber('current') ?? 0 };
}

function readGeneration(value: unknown, where: string): IGeneration {
  const fields = new Fields(value, where);
  return {
    number: fields.number('number'),
    action: fields.text('action', ''),
    command: fields.text('command', ''),
    created_at: fields.text('created_at', ''),
    restores: fields.maybeNumber('restores'),
    packages: fields.number('packages', 0),
    changes: fields.list('changes', readGenerationChange)
  };
}

/** Read what differs between two generations. */
export function readComparison(value: unknown): IGenerationChange[] {
  return new Fields(value, 'comparison').list('changes', readGenerationChange);
}

function readGenerationChange(value: unknown, where: string): IGenerationChange {
  const fields = new Fields(value, where);
  return {
    name: fields.text('name'),
    kind: fields.text('kind'),
    before: fields.maybe('before', readVersion),
    after: fields.maybe('after', readVersion)
  };
}

/** A version is a text, or in a record that has one. */
function readVersion(value: unknown, where: string): string {
  return typeof value === 'string' ? value : new Fields(value, where).text('version');
}

/** Read findings of verify or doctor. */
export function readFindings(value: unknown): IFinding[] {
  return new Fields(value, 'findings').list('findings', (item, where) => {
    const fields = new Fields(item, where);
    return {
      code: fields.text('code'),
      severity: fields.word('severity', ['error', 'warning', 'note']),
      message: fields.text('message'),
      hint: fields.text('hint', ''),
      path: fields.maybeText('path') ?? '',
      package: fields.maybeText('package') ?? '',
      fix: fields.maybe('fix', readFindingFix)
    };
  });
}

function readFindingFix(value: unknown, where: string): IFindingFix {
  const fields = new Fields(value, where);
  return { action: fields.word('action', FIX_ACTIONS), specs: fields.texts('specs') };
}

/** Read what an environment takes on the disk. */
export function readDiskUsage(value: unknown): IDiskUsage {
  const fields = new Fields(value, 'disk');
  return {
    total: fields.number('total', 0),
    unique: fields.number('unique', 0),
    shared: fields.number('shared', 0),
    apparent: fields.number('apparent', 0),
    files: fields.number('files', 0)
  };
}

/** Read the modules whose packages have changed. */
export function readStaleModules(value: unknown): IStaleModule[] {
  return new Fields(value, 'answer').list('stale', (item, where) => {
    const fields = new Fields(item, where);
    return {
      module: fields.text('module'),
      package: fields.text('package'),
      before: fields.maybeText('before'),
      after: fields.maybeText('after')
    };
  });
}

/** Read an exported environment. */
export function readExport(value: unknown): IExport {
  const fields = new Fields(value, 'export');
  return { format: fields.text('format'), text: fields.text('text'), filename: fields.text('filename') };
}


/** Read the kernels of an environment. */
export function readKernels(value: unknown): IKernels {
  const fields = new Fields(value, 'answer');
  return {
    kernels: fields.list('kernels', readKernel),
    variables: fields.textMap('variables'),
    warnings: fields.list('warnings', readKernelWarning)
  };
}

function readKernel(value: unknown, where: string): IKernel {
  const fields = new Fields(value, where);
  const name = fields.text('name');
  return {
    name,
    display_name: fields.text('display_name', name),
    language: fields.text('language', ''),
    kernel: fields.maybeText('kernel') ?? ''
  };
}

function readKernelWarning(value: unknown, where: string): IKernels['warnings'][number] {
  const fields = new Fields(value, where);
  return { code: fields.text('code', ''), message: fields.text('message'), hint: fields.text('hint', '') };
}

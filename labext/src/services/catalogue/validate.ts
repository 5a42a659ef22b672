/** Unknown JSON to names, versions and sources; throws `InvalidResponse`. */

import { Fields } from '../fields';
import type { IFound, IModuleOwner, IPackageVersions, IParsedFile, ISearchAnswer, ISources, IVersion } from './interfaces';

/** Read the answer to a search. */
export function readSearch(value: unknown): ISearchAnswer {
  const fields = new Fields(value, 'search');
  return {
    results: fields.list('results', readFound),
    complete: fields.flag('complete', true),
    problems: fields.list('problems', readSourceProblem)
  };
}

function readFound(value: unknown, where: string): IFound {
  const fields = new Fields(value, where);
  return {
    name: fields.text('name'),
    version: fields.maybeText('version') ?? '',
    source: fields.text('source', ''),
    channel: fields.maybeText('channel') ?? '',
    installed: fields.maybeText('installed'),
    summary: fields.maybeText('summary') ?? ''
  };
}

/** Read a package and its versions. */
export function readPackageVersions(value: unknown): IPackageVersions {
  const fields = new Fields(value, 'package');
  return {
    name: fields.text('name', ''),
    summary: fields.maybeText('summary') ?? '',
    versions: fields.list('versions', readVersion)
  };
}

function readVersion(value: unknown, where: string): IVersion {
  const fields = new Fields(value, where);
  return {
    version: fields.text('version'),
    build: fields.maybeText('build') ?? '',
    source: fields.text('source', ''),
    channel: fields.maybeText('channel') ?? '',
    size: fields.maybeNumber('size') ?? 0,
    timestamp: fields.maybeNumber('timestamp'),
    license: fields.maybeText('license') ?? '',
    depends: fields.texts('depends')
  };
}

/** Read where packages come from. */
export function readSources(value: unknown): ISources {
  const fields = new Fields(value, 'sources');
  return {
    channels: fields.texts('channels'),
    sources: fields.texts('sources'),
    offline: fields.flag('offline', false),
    subdir: fields.text('subdir', ''),
    root: fields.text('root', ''),
    problems: fields.list('problems', readSourceProblem)
  };
}

function readSourceProblem(value: unknown, where: string): ISources['problems'][number] {
  const fields = new Fields(value, where);
  return { channel: fields.text('channel', ''), message: fields.text('message') };
}

/** Read which package brings a module. */
export function readOwner(value: unknown): IModuleOwner {
  const fields = new Fields(value, 'answer');
  return { package: fields.text('package'), alternatives: fields.texts('alternatives') };
}

/** Read what a file asks for. */
export function readParsed(value: unknown): IParsedFile {
  return new Fields(value, 'answer').required('parsed', (item, where) => {
    const fields = new Fields(item, where);
    return {
      format: fields.text('format'),
      name: fields.maybeText('name') ?? '',
      channels: fields.texts('channels'),
      specs: fields.texts('specs'),
      pip_specs: fields.texts('pip_specs'),
      records: fields.number('records', 0),
      warnings: fields.list('warnings', readWarningText)
    };
  });
}

function readWarningText(value: unknown, where: string): string {
  return typeof value === 'string' ? value : new Fields(value, where).text('message');
}

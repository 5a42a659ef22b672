/** Unknown JSON to what is said of notebooks; throws `InvalidResponse`. */

import { Fields } from '../fields';
import { readChange } from '../plans/validate';
import type { INotebookAnswer, INotebookDifference, INotebookLock } from './interfaces';

/** Read the answer for a notebook. */
export function readNotebookAnswer(value: unknown): INotebookAnswer {
  const fields = new Fields(value, 'answer');
  return {
    state: fields.word('state', ['ready', 'build', 'solve', 'none']),
    environment: fields.maybeText('environment'),
    prefix: fields.text('prefix', ''),
    kernel: fields.text('kernel', ''),
    name: fields.text('name', ''),
    because: fields.text('because', ''),
    requested: fields.texts('requested'),
    channels: fields.maybe('channels', () => fields.texts('channels')),
    origins: fields.required('origins', readCounts),
    download_bytes: fields.number('download_bytes', 0),
    hosts: fields.texts('hosts'),
    refused: fields.texts('refused'),
    foreign: fields.required('foreign', readLists),
    beside: fields.texts('beside')
  };
}

function readLists(value: unknown, where: string): Record<string, readonly string[]> {
  const fields = new Fields(value, where);
  return Object.fromEntries(Object.keys(value as object).map(name => [name, fields.texts(name)]));
}

function readCounts(value: unknown, where: string): Record<string, number> {
  const fields = new Fields(value, where);
  const names = Object.keys(value as object);
  return Object.fromEntries(names.map(name => [name, fields.number(name)]));
}

/** Read how a plan differs from a lock. */
export function readNotebookDifference(value: unknown): INotebookDifference {
  const fields = new Fields(value, 'answer');
  return { changes: fields.list('changes', readChange), foreign_hosts: fields.texts('foreign_hosts') };
}

/** Read a lock; what stands in it is the server's business. */
export function readNotebookLock(value: unknown): INotebookLock {
  const fields = new Fields(value, 'answer');
  return {
    key: fields.text('key'),
    lock: fields.required('lock', lock => lock),
    subdir: fields.text('subdir'),
    packages: fields.number('packages')
  };
}

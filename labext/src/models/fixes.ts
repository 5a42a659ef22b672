/**
 * What the fixes of a conflict make of a request. Requests that stand in a file are changed in the file's text, so that
 * everything else in it (variables, channels, hashes) stays. Pure.
 */

import type { IChangeRequest, IFix } from '../services/plans/interfaces';
import { nameOfSpec, withSpec } from './specs';

/** Return a request with a fix applied: one request replaced or added, or some left out. */
export function fixed(request: IChangeRequest, fix: IFix): IChangeRequest {
  let result = request;
  for (const spec of fix.also) {
    result = exchanged(result, spec, '');
  }
  if (fix.request && holds(result, fix.request)) {
    return exchanged(result, fix.request, fix.replacement);
  }
  return fix.replacement ? { ...result, specs: withSpec(result.specs ?? [], fix.replacement) } : result;
}

/** Return a request with another name in the place of one that no source has; its version limit stays. */
export function replaced(request: IChangeRequest, text: string, name: string): IChangeRequest {
  const renamed = (spec: string): string => spec.replace(/^((?:.*::)?)[\w.-]+/, `$1${name}`);
  const known = (request.specs ?? []).find(spec => spec === text || nameOfSpec(spec) === nameOfSpec(text));
  return exchanged(request, known ?? text, renamed(known ?? text));
}

/**
 * Whether a click can apply a fix: what it leaves out must be among what was asked for, and the file of a pin belongs to
 * the person.
 */
export function isClickable(request: IChangeRequest, fix: IFix): boolean {
  if (fix.kind === 'unpin') {
    return false;
  }
  const gone = fix.replacement ? fix.also : [fix.request, ...fix.also];
  return gone.every(spec => holds(request, spec));
}

function holds(request: IChangeRequest, spec: string): boolean {
  return (request.specs ?? []).includes(spec) || lineOf(request.file?.text ?? '', spec) >= 0;
}

function exchanged(request: IChangeRequest, spec: string, by: string): IChangeRequest {
  const specs = request.specs ?? [];
  if (specs.includes(spec)) {
    return { ...request, specs: specs.flatMap(other => (other !== spec ? [other] : by ? [by] : [])) };
  }
  return request.file ? { ...request, file: { ...request.file, text: exchangedLine(request.file.text, spec, by) } } : request;
}

function exchangedLine(text: string, spec: string, by: string): string {
  const lines = text.split('\n');
  const at = lineOf(text, spec);
  if (at < 0) {
    return text;
  }
  const start = /^\s*(-\s+)?/.exec(lines[at]!)![0];
  lines.splice(at, 1, ...(by ? [start + quoted(bare(by), start)] : []));
  return lines.join('\n');
}

/** The line of a file that holds nothing but a request; -1 when there is none. */
function lineOf(text: string, spec: string): number {
  const wanted = squeezed(bare(spec));
  return wanted ? text.split('\n').findIndex(line => squeezed(line.replace(/^\s*(-\s+)?/, '').replace(/\s#.*$/, '')) === wanted) : -1;
}

function bare(spec: string): string {
  return spec.replace(/^pypi::/, '');
}

function squeezed(text: string): string {
  return text.replace(/["'\s]/g, '');
}

/** A YAML item that begins with a sign that means something there is quoted. */
function quoted(spec: string, start: string): string {
  return start.includes('-') && /^[>|*&!%@`{[]/.test(spec) ? JSON.stringify(spec) : spec;
}

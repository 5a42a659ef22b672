/** Requests as people type them: `pandas`, `numpy>=2,<3`, `conda-forge::scipy`, `pypi::"rich[all]"`. Pure. */

const OPERATOR = /\s*(===?|!=|>=|<=|~=|=|>|<)\s*/;

/** The requests in a text, separated by commas, spaces or lines; a comma before a comparison belongs to a version. */
export function splitSpecs(text: string): string[] {
  return text
    .replace(/\s*([<>=!~]=?=?)\s*(?=[\w*])/g, '$1')
    .split(/,(?!\s*[<>=!~])|\s+/)
    .map(spec => spec.trim())
    .filter(Boolean);
}

/** The name that a request is about, without source and version. */
export function nameOfSpec(spec: string): string {
  const bare = spec.split('::').pop() ?? '';
  return /^[\w.-]*/.exec(bare.trim())?.[0]?.toLowerCase() ?? '';
}

/** Names of packages, those that requests are about before the others, each part in the order it had. */
export function requestedFirst(names: readonly string[], specs: readonly string[]): string[] {
  const asked = new Set(specs.map(comparable));
  const isAsked = (name: string): boolean => asked.has(comparable(name));
  return [...names.filter(isAsked), ...names.filter(name => !isAsked(name))];
}

/** Indexes of Python packages take `a_b`, `a.b` and `a-b` for the same name. */
function comparable(spec: string): string {
  return nameOfSpec(spec).replace(/[-_.]+/g, '-');
}

/** What is being typed: a name, or a version of one. */
export interface ITyped {
  readonly prefix: string;
  readonly name: string;
  readonly operator: string;
  readonly version: string;
}

/** Take apart what is being typed; `operator` is empty as long as it is only a name. */
export function readTyped(text: string): ITyped {
  const at = text.lastIndexOf('::');
  const prefix = at < 0 ? '' : text.slice(0, at + 2);
  const rest = text.slice(prefix.length).trimStart();
  const found = OPERATOR.exec(rest);
  if (!found) {
    return { prefix, name: rest.trim(), operator: '', version: '' };
  }
  const version = rest.slice(found.index + found[0].length).trim();
  return { prefix, name: rest.slice(0, found.index).trim(), operator: found[1]!, version };
}

/** Return requests with one more; a request for the same package is replaced. */
export function withSpec(specs: readonly string[], spec: string): string[] {
  const name = nameOfSpec(spec);
  return [...specs.filter(other => nameOfSpec(other) !== name), spec];
}

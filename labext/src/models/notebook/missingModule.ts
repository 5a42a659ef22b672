/** What a traceback says is missing. Pure: outputs of a cell in, the name of a module out. */

/** The module that an import did not find. */
export interface IMissingModule {
  /** The whole name, such as `google.cloud`. */
  readonly module: string;
  /** The part before the first dot. */
  readonly top: string;
}

/** As much of a cell's output as is read here; an `nbformat.IError` is one. */
export interface IErrorOutput {
  readonly output_type: string;
  readonly ename?: unknown;
  readonly evalue?: unknown;
}

const ERROR = 'ModuleNotFoundError';
const MESSAGE = /^No module named (?:'([^']+)'|([\w.]+))$/;
const NAME = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u;

/**
 * Read the message of a `ModuleNotFoundError`.
 *
 * `No module named 'a.b'; 'a' is not a package` is none for us: something else with that name was found, often the
 * person's own file, and no package would change that.
 */
export function parseMissingModule(message: string): IMissingModule | null {
  const match = MESSAGE.exec(message.trim());
  const module = match?.[1] ?? match?.[2];
  if (module === undefined || !NAME.test(module)) {
    return null;
  }
  return { module, top: module.split('.')[0] ?? module };
}

/** The module that one output says is missing; `null` for any other output. */
export function missingIn(output: IErrorOutput): IMissingModule | null {
  const { output_type, ename, evalue } = output;
  return output_type === 'error' && ename === ERROR && typeof evalue === 'string' ? parseMissingModule(evalue) : null;
}

/** Whether two names of packages are one, as the index compares them (PEP 503). */
export function samePackage(left: string, right: string): boolean {
  return canonical(left) === canonical(right);
}

function canonical(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

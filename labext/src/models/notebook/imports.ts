/**
 * What a kernel has imported, and out of which state of its environment. Pure, but for what it remembers.
 *
 * A module is as old as the state of the environment it was imported from, not as the kernel: one that was imported
 * after a change is not stale because of that change. When exactly it was imported is not known, only between which
 * two looks; the earlier state counts, so that nothing stale is missed.
 */

/**
 * Python that gives the names of all top-level modules, separated by commas.
 *
 * It is evaluated among the person's own variables, so it uses no builtin that they may have given another meaning.
 */
export const MODULES_EXPRESSION = "','.join(n for n in [*__import__('sys').modules] if '.' not in n)";

/** Read what `MODULES_EXPRESSION` gave: the text form of a Python string. */
export function parseModules(text: string): string[] {
  const inner = /^(['"])(.*)\1$/s.exec(text.trim())?.[2] ?? '';
  return inner.split(',').filter(name => name !== '' && !/['"\\]/.test(name));
}

/** The imports of one kernel, from its start to its end. */
export class Imports {
  /** @param generation - the environment's state when the kernel started, as far as it is known */
  constructor(private _generation: number) {}

  /** The newest state of the environment that was compared with. */
  get generation(): number {
    return this._generation;
  }

  /**
   * Take what is imported now that the environment is at `generation`.
   *
   * @returns the modules by the state they were imported from
   */
  take(modules: readonly string[], generation: number): Map<number, string[]> {
    const groups = new Map<number, string[]>();
    for (const module of modules) {
      const since = this._since.get(module) ?? this._generation;
      this._since.set(module, since);
      groups.set(since, [...(groups.get(since) ?? []), module]);
    }
    this._generation = generation;
    return groups;
  }

  private readonly _since = new Map<string, number>();
}

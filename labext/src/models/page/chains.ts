/** Chains of names from requested packages down to one package, put in order. Pure. */

/** A package that was asked for, and the ways from it down to the package in question. */
export interface IRoot {
  readonly name: string;
  readonly chains: readonly (readonly string[])[];
}

/** Chains by their first name, the shortest way first; that the package itself was asked for is no chain. */
export function byRoot(chains: readonly (readonly string[])[], name: string): IRoot[] {
  const roots = new Map<string, (readonly string[])[]>();
  for (const chain of chains) {
    const root = chain[0];
    if (root !== undefined && root !== name) {
      roots.set(root, [...(roots.get(root) ?? []), chain]);
    }
  }
  return [...roots].map(([root, ways]) => ({ name: root, chains: [...ways].sort((a, b) => a.length - b.length) }));
}

/** The versions that a person chooses from. Pure. */

import type { IVersion } from '../../services/catalogue/interfaces';

/** One entry for each version of each source, the first build that is given: builds are for the solver to choose. */
export function distinctVersions(versions: readonly IVersion[]): IVersion[] {
  const first = new Map<string, IVersion>();
  for (const each of versions) {
    const key = `${each.source} ${each.version}`;
    if (!first.has(key)) {
      first.set(key, each);
    }
  }
  return [...first.values()];
}

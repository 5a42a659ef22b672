/** Which problems stay as long as the request is the same. Pure. */

import type { IProblem } from '../services/errors';

const RULES = ['channels', 'sources', 'blocked', 'pinned', 'licences', 'quarantine'];
const CODES: readonly string[] = ['env.shared', ...RULES.map(rule => `policy.${rule}`)];

/**
 * Whether what was asked for is not allowed: then only another request helps. A quota is not among these, since room
 * can be made.
 */
export function isForbidden(problem: IProblem | null): boolean {
  return problem !== null && CODES.includes(problem.code);
}

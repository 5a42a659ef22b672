/** Whether an environment can be changed, and why not. Pure. */

import type { IEnvironment } from '../services/environments/interfaces';

/**
 * - `frozen`: somebody said that it stays as it is
 * - `shared`: somebody else publishes it
 * - `venv`: pip is what changes it
 * - `readonly`: its files cannot be written
 * - `busy`: a change is under way; it can be changed after that
 */
export type Obstacle = 'frozen' | 'shared' | 'venv' | 'readonly' | 'busy';

/** Why an environment cannot be changed now; `null` when it can. */
export function obstacleOf(environment: IEnvironment): Obstacle | null {
  const obstacles: readonly (readonly [boolean, Obstacle])[] = [
    [environment.kind === 'shared', 'shared'],
    [environment.frozen, 'frozen'],
    [environment.kind === 'venv', 'venv'],
    [!environment.writable, 'readonly'],
    [environment.busy, 'busy']
  ];
  return obstacles.find(([stands]) => stands)?.[1] ?? null;
}

/** Why an environment cannot be changed, now or later; `null` when it can. */
export function lastingObstacleOf(environment: IEnvironment): Exclude<Obstacle, 'busy'> | null {
  const obstacle = obstacleOf(environment);
  return obstacle === 'busy' ? null : obstacle;
}

/** Whether an environment can be changed now. */
export function isChangeable(environment: IEnvironment | null): environment is IEnvironment {
  return environment !== null && obstacleOf(environment) === null;
}

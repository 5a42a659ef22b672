/** Why an environment cannot be changed, in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { Obstacle, obstacleOf } from '../models/changeable';
import type { IEnvironment } from '../services/environments/interfaces';

/** In a few words, and what to do instead; empty when it can be changed now. */
export function obstacleText(environment: IEnvironment, trans: TranslationBundle): string {
  const obstacle = obstacleOf(environment);
  const texts: Record<Obstacle, string> = {
    shared: trans.__('Shared: clone it into your environments, and change the clone'),
    frozen: trans.__('Frozen: it must not be changed'),
    venv: trans.__('A venv: it is changed with pip'),
    readonly: trans.__('Read-only'),
    busy: trans.__('It is being changed now')
  };
  return obstacle ? texts[obstacle] : '';
}

/** In whole sentences, for its page. */
export function obstacleSentence(obstacle: Exclude<Obstacle, 'busy'>, trans: TranslationBundle): string {
  const texts: Record<Exclude<Obstacle, 'busy'>, string> = {
    shared: trans.__('It is published for everybody, and cannot be changed here. A clone of it is yours to change.'),
    frozen: trans.__('It is marked as frozen, so it is not changed. A clone of it can be.'),
    venv: trans.__('It is a venv of another tool: pip installs into it, and here it is only looked at.'),
    readonly: trans.__('Its files cannot be written by you. A clone of it is yours to change.')
  };
  return texts[obstacle];
}

/** What made a state, in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IGeneration } from '../../services/environments/interfaces';

export function generationText(generation: IGeneration, trans: TranslationBundle): string {
  const texts: Record<string, string> = {
    create: trans.__('Created'),
    install: trans.__('Installed'),
    remove: trans.__('Removed'),
    update: trans.__('Updated'),
    clone: trans.__('Cloned'),
    repair: trans.__('Repaired'),
    undo: trans.__('Undone'),
    external: trans.__('Changed by another tool')
  };
  if (generation.restores !== null) {
    return trans.__('Went back to state %1', generation.restores);
  }
  return texts[generation.action] ?? generation.action;
}

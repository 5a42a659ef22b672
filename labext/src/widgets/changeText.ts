/** A request in words, with the environment that it changes: the title of its plan. Pure. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IChangeRequest } from '../services/plans/interfaces';

const MOST = 3;

/** @param name - the environment's name; of a new one, what it will be called */
export function changeText(request: IChangeRequest, name: string, trans: TranslationBundle): string {
  const specs = specsText(request.specs ?? [], trans);
  switch (request.action) {
    case 'create':
      return trans.__('Create %1', name);
    case 'install':
      return trans.__('Install %1 into %2', specs, name);
    case 'remove':
      return trans.__('Remove %1 from %2', specs, name);
    case 'update':
      return specs ? trans.__('Update %1 in %2', specs, name) : trans.__('Update everything in %1', name);
    case 'restore':
      return trans.__('Take %1 back to state %2', name, request.generation ?? '');
    case 'undo':
      return trans.__('Undo the last change of %1', name);
    case 'clone':
      return trans.__('Clone into %1', name);
    case 'repair':
      return trans.__('Repair the files of %1', name);
  }
}

/** The first requests, and how many more there are; where they come from is seen in the plan. */
export function specsText(specs: readonly string[], trans: TranslationBundle): string {
  const texts = specs.map(spec => spec.replace(/^.*::/, ''));
  const more = texts.length - MOST;
  return more > 1 ? trans.__('%1 and %2 more', texts.slice(0, MOST).join(', '), more) : texts.join(', ');
}

/** A request in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IChangeRequest } from '../../services/plans/interfaces';
import { specsText } from '../changeText';

export function requestText(request: IChangeRequest, trans: TranslationBundle): string {
  const specs = specsText(request.specs ?? [], trans);
  switch (request.action) {
    case 'install':
      return trans.__('Install %1', specs);
    case 'remove':
      return trans.__('Remove %1', specs);
    case 'update':
      return specs ? trans.__('Update %1', specs) : trans.__('Update everything');
    case 'restore':
      return trans.__('Go back to state %1', request.generation ?? '');
    case 'undo':
      return trans.__('Undo the last change');
    case 'repair':
      return trans.__('Repair the files');
    default:
      return request.action;
  }
}

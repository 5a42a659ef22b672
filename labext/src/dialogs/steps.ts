/** The buttons below a plan in a dialog that began with a form: on, or back to the form. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { PlanningModel } from '../models/planning';
import { isForbidden } from '../models/refusals';
import type { IFooterButton } from '../widgets/flowFooter';

export interface IStepActions {
  /** What carries the plan out is called. */
  readonly label: string;
  readonly close: () => void;
  readonly back: () => void;
  readonly apply: () => void;
}

/** Where only another request helps, the way back is the one that is offered first. */
export function stepButtons(planning: PlanningModel, trans: TranslationBundle, actions: IStepActions): readonly IFooterButton[] {
  const cancel = { label: trans.__('Cancel'), onClick: actions.close };
  const back = { label: trans.__('Back'), onClick: actions.back };
  const changesNothing = planning.plan !== null && planning.plan.changes.length === 0 && planning.request?.action === 'install';
  if (planning.conflict || planning.isGone || isForbidden(planning.problem) || changesNothing) {
    return [cancel, { ...back, accept: true }];
  }
  if (planning.state === 'failed') {
    const label = planning.isStale ? trans.__('Plan again') : trans.__('Try again');
    return [cancel, back, { label, accept: true, onClick: () => void planning.retry() }];
  }
  return [cancel, back, { label: actions.label, accept: true, disabled: planning.state !== 'planned', onClick: actions.apply }];
}

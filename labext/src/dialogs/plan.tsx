/** Shows what a change would do, then does it or not. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { PlanningModel, isHarmless } from '../models/planning';
import { isForbidden } from '../models/refusals';
import type { IProblem } from '../services/errors';
import type { IJob } from '../services/jobs/interfaces';
import type { IChangeRequest, IPlansApi } from '../services/plans/interfaces';
import type { IEnvironmentsManager } from '../tokens';
import { FlowFooter, IFooterButton } from '../widgets/flowFooter';
import { PlanStep } from '../widgets/planStep';
import { showFlow } from './flow';

export interface IPlanDialogOptions {
  readonly request: IChangeRequest;
  readonly title: string;
  /** Apply a plan without asking when nothing is removed, goes back or is warned of. */
  readonly trustHarmless?: boolean;
  /** Why the request failed in a job: shown at once, with its fixes, instead of planning again. */
  readonly problem?: IProblem | null;
  /** Who plans and executes; the server's ordinary plans when left out. */
  readonly plans?: IPlansApi;
  /** What stands above the plan. */
  readonly note?: () => JSX.Element | null;
}

/** Plan a request in a dialog; resolves with the job when the person agrees, with `null` when not. */
export async function showPlanDialog(
  manager: IEnvironmentsManager,
  options: IPlanDialogOptions,
  trans: TranslationBundle
): Promise<IJob | null> {
  const model = new PlanningModel(options.plans ?? manager.api.plans, manager.jobs);
  let job: IJob | null = null;
  const apply = async (): Promise<void> => {
    job = await model.apply();
    if (job) {
      dialog.close();
    }
  };
  model.changed.connect(() => {
    if (options.trustHarmless && model.state === 'planned' && model.plan && isHarmless(model.plan)) {
      void apply();
    }
  });
  const close = (): void => dialog.close();
  const dialog = showFlow({
    title: options.title,
    changed: model.changed,
    focus: '.jp-mod-accept',
    render: () => (
      <>
        {options.note?.()}
        <PlanStep
          facts={model}
          trans={trans}
          onFix={fix => void model.fix(fix)}
          onReplace={(text, name) => void model.replace(text, name)}
        />
        <FlowFooter buttons={planButtons(model, trans, close, () => void apply())} />
      </>
    )
  });
  if (options.problem) {
    model.show(options.request, options.problem);
  } else {
    void model.preview(options.request);
  }
  await dialog.closed;
  if (!job) {
    model.discard();
  }
  model.dispose();
  return job;
}

function planButtons(
  model: PlanningModel,
  trans: TranslationBundle,
  close: () => void,
  apply: () => void
): readonly IFooterButton[] {
  if (model.conflict?.hint) {
    return [{ label: trans.__('Close'), onClick: close }, { label: trans.__('Try again'), accept: true, onClick: () => void model.retry() }];
  }
  if (model.conflict || model.isGone || isForbidden(model.problem) || (model.plan && model.plan.changes.length === 0)) {
    return [{ label: trans.__('Close'), onClick: close }];
  }
  const discard = { label: model.state === 'planning' ? trans.__('Cancel') : trans.__('Discard'), onClick: close };
  if (model.state === 'failed') {
    const label = model.isStale ? trans.__('Plan again') : trans.__('Try again');
    return [discard, { label, accept: true, onClick: () => void model.retry() }];
  }
  return [discard, { label: trans.__('Apply'), accept: true, disabled: model.state !== 'planned', onClick: apply }];
}

/** The step of a dialog in which a plan is made and looked at: waiting, the plan, or why there is none. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { isClickable } from '../models/fixes';
import type { PlanningState } from '../models/planning';
import type { IProblem } from '../services/errors';
import type { IChangeRequest, IConflict, IFix, IPlan } from '../services/plans/interfaces';
import { ConflictCards } from './conflictCards';
import { ProgressBar } from './jobList';
import { PlanView } from './planView';
import { Problem } from './problem';

/** What a planning model knows. */
export interface IPlanFacts {
  readonly state: PlanningState;
  readonly request: IChangeRequest | null;
  readonly plan: IPlan | null;
  readonly problem: IProblem | null;
  readonly conflict: IConflict | null;
  readonly isStale: boolean;
}

export interface IPlanStepProps {
  readonly facts: Omit<IPlanFacts, 'state'>;
  readonly trans: TranslationBundle;
  readonly onFix: (fix: IFix) => void;
  readonly onReplace: (text: string, name: string) => void;
}

export function PlanStep(props: IPlanStepProps): JSX.Element {
  const { facts, trans } = props;
  const { plan, problem, conflict, request } = facts;
  if (conflict) {
    const clickable = (fix: IFix): boolean => request !== null && isClickable(request, fix);
    return <ConflictCards conflict={conflict} isClickable={clickable} {...props} />;
  }
  if (problem) {
    return <Problem problem={toldProblem(facts, problem, trans)} />;
  }
  if (plan) {
    return <PlanView plan={plan} trans={trans} />;
  }
  const text = trans.__('Finding versions that go together…');
  return (
    <div className="jp-envs-Planning" role="status">
      <p>{text}</p>
      <ProgressBar label={text} fraction={null} />
    </div>
  );
}

/** What became of the environment meanwhile, for somebody who looks at its plan; other problems as they are. */
function toldProblem(facts: IPlanStepProps['facts'], problem: IProblem, trans: TranslationBundle): IProblem {
  if (facts.isStale) {
    const message = trans.__('The environment has changed since this plan was made');
    return { ...problem, message, hint: trans.__('Nothing was done. Plan again to see what the change would do now.') };
  }
  if (problem.code === 'not_found.environment') {
    const isOrigin = facts.request?.action === 'clone';
    const message = isOrigin ? trans.__('The environment to copy is no longer there') : trans.__('The environment is no longer there');
    return { ...problem, message, hint: trans.__('It was deleted or renamed meanwhile. Nothing was done.') };
  }
  return problem;
}

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
    return <Problem problem={facts.isStale ? staleProblem(problem, trans) : problem} />;
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

function staleProblem(problem: IProblem, trans: TranslationBundle): IProblem {
  return {
    ...problem,
    message: trans.__('The environment has changed since this plan was made'),
    hint: trans.__('Nothing was done. Plan again to see what the change would do now.')
  };
}

/** What went wrong and what to do about it; a conflict with its fixes. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IProblem } from '../services/errors';
import type { IConflict, IFix } from '../services/plans/interfaces';

export function Problem(props: { problem: IProblem; children?: React.ReactNode }): JSX.Element {
  return (
    <div className="jp-envs-Problem" role="alert">
      <div className="jp-envs-Problem-message">{props.problem.message}</div>
      {props.problem.hint && <div className="jp-envs-Problem-hint">{props.problem.hint}</div>}
      {props.children}
    </div>
  );
}

/** Why requests cannot go together, with a button for each fix that was tried. */
export function Conflict(props: {
  problem: IProblem;
  conflict: IConflict;
  trans: TranslationBundle;
  onFix: (fix: IFix) => void;
}): JSX.Element {
  const { conflict, trans } = props;
  return (
    <Problem problem={{ ...props.problem, hint: conflict.hint }}>
      <ul className="jp-envs-Problem-needs">
        {conflict.needs.map((need, index) => (
          <li key={index}>
            {trans.__('%1 needs %2', need.request, need.spec)}
            {need.reason && ` (${need.reason})`}
          </li>
        ))}
      </ul>
      {conflict.fixes
        .filter(fix => fix.kind !== 'unpin')
        .map((fix, index) => (
          <Button key={index} className="jp-mod-styled jp-mod-minimal" onClick={() => props.onFix(fix)}>
            {fixText(fix, trans)}
          </Button>
        ))}
    </Problem>
  );
}

function fixText(fix: IFix, trans: TranslationBundle): string {
  if (fix.kind === 'drop') {
    return trans.__('Leave out %1', [fix.request, ...fix.also].join(', '));
  }
  return fix.request
    ? trans.__('Use %1 instead of %2', fix.replacement, fix.request)
    : trans.__('Add %1', fix.replacement);
}

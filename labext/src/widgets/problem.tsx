/** What went wrong and what to do about it. */

import * as React from 'react';

import type { IProblem } from '../services/errors';

export function Problem(props: { problem: IProblem; children?: React.ReactNode }): JSX.Element {
  return (
    <div className="jp-envs-Problem" role="alert">
      <div className="jp-envs-Problem-message">{sentence(props.problem.message)}</div>
      {props.problem.hint && <div className="jp-envs-Problem-hint">{sentence(props.problem.hint)}</div>}
      {props.children}
    </div>
  );
}

/** The engine's messages begin small and have no full stop, for the command line. */
export function sentence(text: string): string {
  const begun = /^[a-z]+ /.test(text) ? text[0]!.toUpperCase() + text.slice(1) : text;
  return /[.?!…`]$/.test(begun) ? begun : `${begun}.`;
}

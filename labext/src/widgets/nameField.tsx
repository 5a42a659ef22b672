/** The field for an environment's name, with a sentence about what is wrong with it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { NameProblem } from '../models/names';

export interface INameFieldProps {
  readonly id: string;
  readonly value: string;
  readonly problem: NameProblem | null;
  readonly trans: TranslationBundle;
  readonly onChange: (value: string) => void;
}

export function NameField(props: INameFieldProps): JSX.Element {
  const { id, problem, trans } = props;
  return (
    <div className="jp-envs-Field">
      <label htmlFor={id}>{trans.__('Name')}</label>
      <input
        id={id}
        className="jp-mod-styled"
        spellCheck={false}
        autoComplete="off"
        aria-invalid={problem !== null}
        aria-describedby={`${id}-problem`}
        value={props.value}
        onChange={event => props.onChange(event.target.value)}
        onFocus={event => event.target.select()}
      />
      <div id={`${id}-problem`} className="jp-envs-Field-problem" role="status">
        {problem && nameProblemText(problem, props.value, trans)}
      </div>
    </div>
  );
}

/** Why a name will not do, in a sentence. */
export function nameProblemText(problem: NameProblem, name: string, trans: TranslationBundle): string {
  const texts: Record<NameProblem, string> = {
    empty: trans.__('An environment needs a name.'),
    long: trans.__('The name has %1 characters, 64 are allowed.', name.length),
    reserved: trans.__('conda reserves the name %1.', name),
    start: trans.__('A name cannot begin with “%1”.', name[0] ?? ''),
    characters: trans.__('Only letters, digits, “_”, “.” and “-” are allowed.'),
    end: trans.__('A name cannot end with a full stop.'),
    taken: trans.__('There is already an environment %1.', name)
  };
  return texts[problem];
}

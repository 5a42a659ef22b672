/** The environment of the active notebook, with the box that installs into it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ISuggestion } from '../models/suggestions';
import type { IEnvironment } from '../services/environments/interfaces';
import { EnvironmentRow } from './environmentRow';
import { IEnvironmentActions, actByKey } from './environmentTree';
import { obstacleText } from './obstacleText';
import { SpecField } from './specField';

export interface IActiveEnvironmentProps extends IEnvironmentActions {
  readonly environment: IEnvironment;
  readonly suggestions: readonly ISuggestion[];
  readonly looking: boolean;
  readonly lookProblem: string;
  readonly trans: TranslationBundle;
  readonly onAsk: (text: string) => void;
  /** Resolves with whether it was agreed to: then the box is emptied. */
  readonly onInstall: (environment: IEnvironment, specs: readonly string[]) => Promise<boolean>;
}

export function ActiveEnvironment(props: IActiveEnvironmentProps): JSX.Element {
  const { environment, trans } = props;
  return (
    <section className="jp-envs-Active" aria-label={trans.__('The active notebook runs in')}>
      <div className="jp-envs-Active-title">{trans.__('The active notebook runs in')}</div>
      <div
        role="group"
        aria-label={environment.name}
        className="jp-envs-Row"
        data-envs-id={environment.id}
        data-external={environment.external}
        tabIndex={0}
        title={environment.problem || environment.path}
        onFocus={() => props.onSelect(environment)}
        onContextMenu={() => props.onSelect(environment)}
        onClick={() => props.onOpen(environment)}
        onKeyDown={event => actByKey(event, environment, props)}
      >
        <EnvironmentRow environment={environment} inUse trans={trans} />
      </div>
      <InstallBox key={environment.id} {...props} />
    </section>
  );
}

function InstallBox(props: IActiveEnvironmentProps): JSX.Element {
  const { environment, trans } = props;
  const [specs, setSpecs] = React.useState<readonly string[]>([]);
  const install = async (): Promise<void> => {
    if (specs.length > 0 && (await props.onInstall(environment, specs))) {
      setSpecs([]);
    }
  };
  const refusal = obstacleText(environment, trans);
  return (
    <div className="jp-envs-Active-install" title={refusal}>
      <SpecField
        id="jp-envs-install"
        label={trans.__('Install into %1', environment.name)}
        placeholder={refusal || trans.__('Install into this environment')}
        specs={specs}
        suggestions={props.suggestions}
        busy={props.looking}
        problem={props.lookProblem}
        disabled={refusal !== ''}
        trans={trans}
        onChange={setSpecs}
        onAsk={props.onAsk}
        onEnter={() => void install()}
      />
      {specs.length > 0 && (
        <button type="button" className="jp-mod-styled jp-mod-accept" onClick={() => void install()}>
          {trans.__('Install')}
        </button>
      )}
    </div>
  );
}

/** The list of environments: filter, the active notebook's on top, states as badges. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, addIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IProblem } from '../services/errors';
import type { IEnvironment } from '../services/environments/interfaces';
import { Problem } from './problem';

export interface IEnvironmentListProps {
  readonly environments: readonly IEnvironment[] | null;
  readonly active: IEnvironment | null;
  readonly problem: IProblem | null;
  readonly trans: TranslationBundle;
  readonly onCreate: () => void;
  readonly onRetry: () => void;
  readonly onInstall: (environment: IEnvironment, specs: readonly string[]) => void;
}

export function EnvironmentList(props: IEnvironmentListProps): JSX.Element {
  const { trans, active } = props;
  const [filter, setFilter] = React.useState('');
  const wanted = filter.toLowerCase();
  const others = (props.environments ?? []).filter(
    environment => environment !== active && environment.name.toLowerCase().includes(wanted)
  );
  return (
    <div className="jp-envs-List">
      <div className="jp-envs-List-bar">
        <input
          className="jp-mod-styled"
          type="search"
          placeholder={trans.__('Filter environments')}
          aria-label={trans.__('Filter environments')}
          value={filter}
          onChange={event => setFilter(event.target.value)}
        />
        <Button minimal title={trans.__('New environment')} aria-label={trans.__('New environment')} onClick={props.onCreate}>
          <addIcon.react tag="span" />
        </Button>
      </div>
      {active && <ActiveEnvironment environment={active} {...props} />}
      {props.problem && (
        <Problem problem={props.problem}>
          <Button className="jp-mod-styled" onClick={props.onRetry}>
            {trans.__('Try again')}
          </Button>
        </Problem>
      )}
      {!props.environments && !props.problem && <p className="jp-envs-List-note">{trans.__('Looking for environments…')}</p>}
      {props.environments?.length === 0 && (
        <p className="jp-envs-List-note">{trans.__('There are no environments yet. Press + to make one.')}</p>
      )}
      <ul className="jp-envs-List-items">
        {others.map(environment => (
          <li key={environment.id} title={environment.problem || environment.path}>
            <EnvironmentRow environment={environment} trans={trans} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function ActiveEnvironment(props: IEnvironmentListProps & { environment: IEnvironment }): JSX.Element {
  const { environment, trans } = props;
  const [text, setText] = React.useState('');
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    const specs = text.split(/\s+/).filter(Boolean);
    if (specs.length > 0) {
      props.onInstall(environment, specs);
      setText('');
    }
  };
  return (
    <form className="jp-envs-Active" onSubmit={submit}>
      <EnvironmentRow environment={environment} trans={trans} />
      <input
        className="jp-mod-styled"
        placeholder={trans.__('Install into this environment')}
        aria-label={trans.__('Install into %1', environment.name)}
        disabled={!environment.writable || environment.busy}
        spellCheck={false}
        value={text}
        onChange={event => setText(event.target.value)}
      />
    </form>
  );
}

function EnvironmentRow(props: { environment: IEnvironment; trans: TranslationBundle }): JSX.Element {
  const { environment, trans } = props;
  const facts = [
    environment.python ? trans.__('Python %1', environment.python) : trans.__('no Python'),
    trans.__('%1 packages', environment.packages)
  ];
  const badges = [
    environment.busy && trans.__('busy'),
    environment.broken && trans.__('broken'),
    environment.frozen && trans.__('frozen'),
    environment.external && trans.__('external')
  ].filter((badge): badge is string => Boolean(badge));
  return (
    <div className="jp-envs-Row">
      <span className="jp-envs-Row-name">{environment.name}</span>
      {badges.map(badge => (
        <span key={badge} className="jp-envs-Badge">
          {badge}
        </span>
      ))}
      <span className="jp-envs-Row-facts">{facts.join(' · ')}</span>
    </div>
  );
}

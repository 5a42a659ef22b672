/** The whole sidebar: the bar, the active notebook's environment, the list and the jobs. Draws what it is given. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, InputGroup, addIcon, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { GroupName, IGroup } from '../models/sidebar';
import type { ISuggestion } from '../models/suggestions';
import type { IEnvironment } from '../services/environments/interfaces';
import type { IProblem } from '../services/errors';
import { ActiveEnvironment } from './activeEnvironment';
import { EnvironmentTree, IEnvironmentActions } from './environmentTree';
import { Problem } from './problem';

export interface ISidebarActions extends IEnvironmentActions {
  readonly onCreate: () => void;
  readonly onRefresh: () => void;
  readonly onInstall: (environment: IEnvironment, specs: readonly string[]) => Promise<boolean>;
  readonly onLog: (job: string) => void;
  readonly onCancel: (job: string) => void;
  readonly onAgain: (job: string) => void;
}

export interface ISidebarViewProps extends ISidebarActions {
  readonly environments: readonly IEnvironment[] | null;
  readonly active: IEnvironment | null;
  readonly problem: IProblem | null;
  readonly filter: string;
  readonly groups: readonly IGroup[];
  readonly isFolded: (group: GroupName) => boolean;
  readonly selected: IEnvironment | null;
  readonly suggestions: readonly ISuggestion[];
  readonly looking: boolean;
  readonly lookProblem: string;
  readonly trans: TranslationBundle;
  readonly onAsk: (text: string) => void;
  readonly onFilter: (text: string) => void;
  readonly onFold: (group: GroupName, folded: boolean) => void;
}

export function SidebarView(props: ISidebarViewProps): JSX.Element {
  const { active, trans } = props;
  return (
    <>
      <Bar {...props} />
      {props.problem && (
        <Problem problem={props.problem}>
          <Button className="jp-mod-styled" onClick={props.onRefresh}>
            {trans.__('Try again')}
          </Button>
        </Problem>
      )}
      {active && <ActiveEnvironment environment={active} {...props} />}
      <div className="jp-envs-Scroll">
        <EnvironmentTreeOrNote {...props} />
      </div>
    </>
  );
}

function Bar(props: ISidebarViewProps): JSX.Element {
  const { trans } = props;
  return (
    <div className="jp-envs-Bar">
      <div role="toolbar" aria-label={trans.__('Environments')} className="jp-envs-Bar-tools">
        <Button className="jp-mod-styled jp-mod-accept jp-envs-Bar-new" onClick={props.onCreate}>
          <addIcon.react tag="span" className="jp-icon-selectable-inverse" />
          {trans.__('New environment')}
        </Button>
        <Button minimal title={trans.__('Refresh')} aria-label={trans.__('Refresh')} onClick={props.onRefresh}>
          <refreshIcon.react tag="span" />
        </Button>
      </div>
      <InputGroup
        type="search"
        rightIcon="ui-components:search"
        placeholder={trans.__('Filter environments')}
        aria-label={trans.__('Filter environments')}
        value={props.filter}
        onChange={event => props.onFilter(event.currentTarget.value)}
        onKeyDown={event => filterKey(event, props)}
      />
    </div>
  );
}

/** Down goes to the list, Escape shows everything again. */
function filterKey(event: React.KeyboardEvent<HTMLInputElement>, props: ISidebarViewProps): void {
  if (event.key === 'ArrowDown') {
    event.preventDefault();
    event.currentTarget.closest('.jp-envs-Sidebar')?.querySelector<HTMLElement>('[role=tree] [tabindex="0"]')?.focus();
  } else if (event.key === 'Escape' && props.filter) {
    event.preventDefault();
    props.onFilter('');
  }
}

function EnvironmentTreeOrNote(props: ISidebarViewProps): JSX.Element | null {
  const { environments, groups, filter, trans } = props;
  if (!environments) {
    return props.problem ? null : <Loading trans={trans} />;
  }
  if (groups.length > 0) {
    return <EnvironmentTree {...props} />;
  }
  if (filter) {
    return (
      <p className="jp-envs-Note" role="status">
        {trans.__('No environment is called like “%1”.', filter)}
      </p>
    );
  }
  return props.active ? null : <Nothing {...props} />;
}

/** Grey bars in the place of the rows: the list comes in a moment. */
function Loading(props: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-envs-Loading" role="status" aria-label={props.trans.__('Looking for environments…')}>
      <div />
      <div />
      <div />
    </div>
  );
}

function Nothing(props: ISidebarViewProps): JSX.Element {
  const { trans } = props;
  return (
    <div className="jp-envs-Nothing">
      <p>{trans.__('There are no environments yet.')}</p>
      <p>
        {trans.__('An environment holds a Python and packages of its own. Its kernel appears in the launcher as soon as it is made.')}
      </p>
    </div>
  );
}

/** The environments in groups, as a tree that the keyboard walks through: one row takes part in the Tab order. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { GroupName, IGroup } from '../models/sidebar';
import type { IEnvironment } from '../services/environments/interfaces';
import { EnvironmentRow } from './environmentRow';

export interface IEnvironmentActions {
  readonly onSelect: (environment: IEnvironment) => void;
  readonly onOpen: (environment: IEnvironment) => void;
  readonly onRename: (environment: IEnvironment) => void;
  readonly onDelete: (environment: IEnvironment) => void;
}

export interface IEnvironmentTreeProps extends IEnvironmentActions {
  readonly groups: readonly IGroup[];
  readonly isFolded: (group: GroupName) => boolean;
  readonly selected: IEnvironment | null;
  readonly trans: TranslationBundle;
  readonly onFold: (group: GroupName, folded: boolean) => void;
}

const ITEM = '[role=treeitem]';

export function EnvironmentTree(props: IEnvironmentTreeProps): JSX.Element {
  const { groups, trans } = props;
  const shown = groups.flatMap(group => (props.isFolded(group.name) ? [] : group.environments));
  const selected = props.selected && shown.includes(props.selected) ? props.selected : null;
  return (
    <ul
      className="jp-envs-Tree"
      role="tree"
      aria-label={trans.__('Environments')}
      onKeyDown={event => walk(event, event.currentTarget)}
    >
      {groups.map((group, index) => (
        <Group key={group.name} group={group} first={!selected && index === 0} focused={selected} {...props} />
      ))}
    </ul>
  );
}

interface IGroupProps extends IEnvironmentTreeProps {
  readonly group: IGroup;
  readonly first: boolean;
  readonly focused: IEnvironment | null;
}

function Group(props: IGroupProps): JSX.Element {
  const { group, trans } = props;
  const folded = props.isFolded(group.name);
  const Caret = folded ? caretRightIcon : caretDownIcon;
  const titles: Record<GroupName, string> = {
    own: trans.__('Environments'),
    shared: trans.__('Shared'),
    external: trans.__('From other tools')
  };
  const title = titles[group.name];
  return (
    <li
      role="treeitem"
      className="jp-envs-Group"
      aria-expanded={!folded}
      aria-label={trans._n('%2, %1 environment', '%2, %1 environments', group.environments.length, title)}
      tabIndex={props.first ? 0 : -1}
      onKeyDown={event => foldByKey(event, folded, value => props.onFold(group.name, value))}
    >
      <div className="jp-envs-Group-title" onClick={() => props.onFold(group.name, !folded)}>
        <Caret.react tag="span" />
        <span>{title}</span>
        <span className="jp-envs-Group-count">{group.environments.length}</span>
      </div>
      {!folded && (
        <ul role="group">
          {group.environments.map(environment => (
            <Item key={environment.id} environment={environment} {...props} />
          ))}
        </ul>
      )}
    </li>
  );
}

const Item = React.memo(
  function Item(props: IGroupProps & { environment: IEnvironment }): JSX.Element {
    const { environment, trans } = props;
    const isSelected = props.selected?.id === environment.id;
    const [isHovered, setHovered] = React.useState(false);
    return (
      <li
        role="treeitem"
        className="jp-envs-Row"
        data-envs-id={environment.id}
        data-external={environment.external}
        aria-selected={isSelected}
        tabIndex={props.focused?.id === environment.id ? 0 : -1}
        title={environment.problem || environment.path}
        onFocus={() => props.onSelect(environment)}
        onMouseEnter={() => setHovered(true)}
        onMouseLeave={() => setHovered(false)}
        onContextMenu={() => props.onSelect(environment)}
        onClick={() => props.onOpen(environment)}
        onKeyDown={event => actByKey(event, environment, props)}
      >
        <EnvironmentRow environment={environment} inUse={isSelected || isHovered} trans={trans} />
      </li>
    );
  },
  (before, after) =>
    before.environment === after.environment &&
    (before.selected?.id === before.environment.id) === (after.selected?.id === after.environment.id) &&
    (before.focused?.id === before.environment.id) === (after.focused?.id === after.environment.id)
);

/** Enter opens, F2 renames, Delete deletes; for rows wherever they stand. */
export function actByKey(event: React.KeyboardEvent<HTMLElement>, environment: IEnvironment, actions: IEnvironmentActions): void {
  const acts: Record<string, (environment: IEnvironment) => void> = {
    Enter: actions.onOpen,
    F2: actions.onRename,
    Delete: actions.onDelete
  };
  const act = event.target === event.currentTarget ? acts[event.key] : undefined;
  if (act) {
    event.preventDefault();
    event.stopPropagation();
    act(environment);
  }
}

function foldByKey(event: React.KeyboardEvent<HTMLElement>, folded: boolean, fold: (folded: boolean) => void): void {
  const wanted: Record<string, boolean> = { ArrowLeft: true, ArrowRight: false, Enter: !folded, ' ': !folded };
  const value = wanted[event.key];
  if (event.target === event.currentTarget && value !== undefined && value !== folded) {
    event.preventDefault();
    event.stopPropagation();
    fold(value);
  }
}

/** Arrows, Home and End walk through the rows; Left goes to the group's title. */
function walk(event: React.KeyboardEvent, tree: HTMLElement): void {
  const items = [...tree.querySelectorAll<HTMLElement>(ITEM)];
  const here = items.indexOf(document.activeElement as HTMLElement);
  const last = items.length - 1;
  const parent = items[here]?.parentElement?.closest<HTMLElement>(ITEM);
  const targets: Record<string, number> = {
    ArrowDown: Math.min(here + 1, last),
    ArrowUp: Math.max(here - 1, 0),
    Home: 0,
    End: last,
    ArrowLeft: parent ? items.indexOf(parent) : here
  };
  const target = targets[event.key];
  if (here >= 0 && target !== undefined) {
    event.preventDefault();
    items[target]?.focus();
  }
}

/** One environment in the list: its name, what state it is in, and the facts beneath. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, ellipsesIcon, lockIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IEnvironment } from '../services/environments/interfaces';
import { formatBytes } from './format';

/** What a row is and does; its element's attributes (role, focus, keys) are the list's business. */
export interface IEnvironmentRowProps {
  readonly environment: IEnvironment;
  /** Whether the button for actions is there: a long list is drawn at once because only the row in use has one. */
  readonly inUse: boolean;
  readonly trans: TranslationBundle;
}

/** The name with its badges, above the facts. */
export function EnvironmentRow(props: IEnvironmentRowProps): JSX.Element {
  const { environment, trans } = props;
  return (
    <>
      <span className="jp-envs-Row-line">
        <span className="jp-envs-Row-name" title={environment.name}>
          {environment.name}
        </span>
        {badgesOf(environment, trans).map(badge => (
          <span key={badge.kind} className="jp-envs-Badge" data-kind={badge.kind} title={badge.title}>
            {badge.kind === 'shared' && <lockIcon.react tag="span" className="jp-envs-Badge-icon" />}
            {badge.text}
          </span>
        ))}
      </span>
      <span className="jp-envs-Row-facts">{factsOf(environment, trans)}</span>
      {props.inUse && (
        <Button
          minimal
          small
          tabIndex={-1}
          className="jp-envs-Row-more"
          title={trans.__('Actions')}
          aria-label={trans.__('Actions for %1', environment.name)}
          onClick={openMenu}
        >
          <ellipsesIcon.react tag="span" />
        </Button>
      )}
    </>
  );
}

/** The button opens the row's context menu, at its own place: there is one list of actions, whichever way one gets there. */
function openMenu(event: React.MouseEvent<HTMLElement>): void {
  event.stopPropagation();
  const place = event.currentTarget.getBoundingClientRect();
  const at = { clientX: place.left, clientY: place.bottom };
  event.currentTarget.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, ...at }));
}

/** Python, packages and size, as far as they are known. */
export function factsOf(environment: IEnvironment, trans: TranslationBundle): string {
  if (environment.problem) {
    return environment.problem[0]!.toUpperCase() + environment.problem.slice(1);
  }
  const facts = [
    environment.python ? trans.__('Python %1', environment.python) : trans.__('no Python'),
    trans._n('%1 package', '%1 packages', environment.packages),
    environment.size !== null && formatBytes(environment.size)
  ];
  return facts.filter(Boolean).join(' · ');
}

interface IBadge {
  readonly kind: string;
  readonly text: string;
  readonly title: string;
}

function badgesOf(environment: IEnvironment, trans: TranslationBundle): IBadge[] {
  const { busy, broken, interrupted, frozen, external } = environment;
  const badges: (IBadge | false)[] = [
    busy && { kind: 'busy', text: trans.__('busy'), title: trans.__('It is being changed now') },
    interrupted &&
      !busy && {
        kind: 'interrupted',
        text: trans.__('interrupted'),
        title: trans.__('A change was interrupted; the next one, or Repair on its page, brings it in order')
      },
    broken && { kind: 'broken', text: trans.__('broken'), title: environment.problem || trans.__('Its page says what is wrong') },
    frozen && { kind: 'frozen', text: trans.__('frozen'), title: trans.__('It must not be changed') },
    environment.kind === 'shared' && {
      kind: 'shared',
      text: trans.__('shared'),
      title: trans.__('Whoever publishes it can change it; clone it, and change the clone')
    },
    external && { kind: 'external', text: trans.__('external'), title: trans.__('Made by another tool, in %1', environment.path) }
  ];
  return badges.filter((badge): badge is IBadge => badge !== false);
}

/** Names that were found; the arrow keys go through them, Enter looks at one. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, addIcon, checkIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { CartModel } from '../../models/page/cart';
import type { ILooked } from '../../models/page/search';
import type { IFound } from '../../services/catalogue/interfaces';
import { Badge, SourceBadge } from './badges';

export interface IFoundListProps {
  readonly listRef: React.RefObject<HTMLUListElement>;
  readonly results: readonly IFound[];
  readonly looked: ILooked | null;
  readonly cart: CartModel;
  readonly trans: TranslationBundle;
  readonly onLook: (found: IFound) => void;
  readonly onAdd: (found: IFound) => void;
  readonly onTake: (name: string) => void;
}

export function FoundList(props: IFoundListProps): JSX.Element {
  const { results, looked, trans } = props;
  const place = Math.max(0, results.findIndex(found => isLooked(found, looked)));
  const onKeyDown = (event: React.KeyboardEvent<HTMLUListElement>): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('.jp-envs-Found-main')];
    const now = buttons.findIndex(button => button.parentElement?.contains(document.activeElement));
    const next = step === undefined ? undefined : buttons[now + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  };
  return (
    <ul ref={props.listRef} className="jp-envs-Found" aria-label={trans.__('Packages found')} onKeyDown={onKeyDown}>
      {results.map((found, index) => (
        <FoundRow
          key={`${found.source} ${found.channel} ${found.name}`}
          found={found}
          isLooked={isLooked(found, looked)}
          isFirst={index === place}
          {...props}
        />
      ))}
    </ul>
  );
}

function isLooked(found: IFound, looked: ILooked | null): boolean {
  return found.name === looked?.name && found.source === looked.source;
}

interface IFoundRowProps extends IFoundListProps {
  readonly found: IFound;
  readonly isLooked: boolean;
  /** Whether Tab leads to this row. */
  readonly isFirst: boolean;
}

function FoundRow(props: IFoundRowProps): JSX.Element {
  const { found, trans } = props;
  const item = props.cart.find(found.name);
  const tabIndex = props.isFirst ? 0 : -1;
  return (
    <li className="jp-envs-Found-row" data-looked={props.isLooked}>
      <button
        className="jp-envs-Found-main"
        tabIndex={tabIndex}
        aria-current={props.isLooked ? 'true' : undefined}
        onClick={() => props.onLook(found)}
      >
        <span className="jp-envs-Found-line">
          <span className="jp-envs-Found-name" title={found.name}>
            {found.name}
          </span>
          {found.version && <span className="jp-envs-Found-version">{found.version}</span>}
          <SourceBadge source={found.source} channel={found.channel} trans={trans} />
          {found.installed && <Badge kind="good">{trans.__('installed %1', found.installed)}</Badge>}
        </span>
        {found.summary && <span className="jp-envs-Found-summary">{found.summary}</span>}
      </button>
      {item ? (
        <Button
          minimal
          small
          tabIndex={tabIndex}
          title={trans.__('Leave it out')}
          aria-label={trans.__('Leave out %1', found.name)}
          onClick={() => props.onTake(found.name)}
        >
          <checkIcon.react tag="span" className="jp-envs-Icon" />
        </Button>
      ) : (
        !found.installed && (
          <Button
            minimal
            small
            tabIndex={tabIndex}
            title={trans.__('Add to the changes')}
            aria-label={trans.__('Add %1 to the changes', found.name)}
            onClick={() => props.onAdd(found)}
          >
            <addIcon.react tag="span" className="jp-envs-Icon" />
          </Button>
        )
      )}
    </li>
  );
}

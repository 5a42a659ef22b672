/** One row of the table of packages. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { CartAction } from '../../models/page/cart';
import { IRow, isManaged } from '../../models/page/packageRows';
import { formatBytes } from '../format';
import { Badge, SourceBadge } from './badges';

export interface IPackageRowProps {
  readonly id: string;
  readonly row: IRow;
  /** Its place among all rows, from 0. */
  readonly index: number;
  readonly height: number;
  readonly isActive: boolean;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
  readonly readOnly: boolean;
  /** What the cart holds for it; empty for nothing. */
  readonly pending: CartAction | '';
  readonly trans: TranslationBundle;
  readonly onToggle: (extend: boolean) => void;
  readonly onOpen: () => void;
}

export function PackageRow(props: IPackageRowProps): JSX.Element {
  const { row, trans } = props;
  const each = row.package;
  return (
    <div
      id={props.id}
      role="row"
      aria-rowindex={props.index + 2}
      aria-selected={props.isSelected}
      className="jp-envs-Grid-row"
      data-active={props.isActive}
      data-open={props.isOpen}
      style={{ top: props.index * props.height, height: props.height }}
      onClick={props.onOpen}
    >
      <span role="gridcell" onClick={event => event.stopPropagation()}>
        {!props.readOnly && (
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label={trans.__('Select %1', each.name)}
            disabled={!isManaged(each)}
            checked={props.isSelected}
            // The click tells of the Shift key, the change does not.
            onClick={event => props.onToggle(event.shiftKey)}
            onChange={() => undefined}
          />
        )}
      </span>
      <span role="gridcell" className="jp-envs-Grid-name" title={each.summary || each.name}>
        <span className="jp-envs-Grid-text" data-requested={each.requested}>
          {each.name}
        </span>
        {each.requested && (
          <Badge title={trans.__('It was asked for: %1', each.spec || each.name)}>{trans.__('requested')}</Badge>
        )}
        {props.pending && <Badge kind="warn">{pendingText(props.pending, trans)}</Badge>}
      </span>
      <span role="gridcell" className="jp-envs-Grid-text" title={`${each.version} ${each.build}`}>
        {each.version}
      </span>
      <span role="gridcell" className="jp-envs-Grid-text" data-column="source">
        <SourceBadge source={each.source} channel={each.channel} trans={trans} />
      </span>
      <span role="gridcell" className="jp-envs-Grid-number" data-column="size">
        {each.size > 0 ? formatBytes(each.size) : ''}
      </span>
      <span role="gridcell" className="jp-envs-Grid-text jp-envs-Grid-update" title={row.update}>
        {row.update}
      </span>
    </div>
  );
}

function pendingText(action: CartAction, trans: TranslationBundle): string {
  const texts: Record<CartAction, string> = {
    remove: trans.__('to be removed'),
    update: trans.__('to be updated'),
    install: trans.__('to be changed')
  };
  return texts[action];
}

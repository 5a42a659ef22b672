/**
 * Installed packages as a grid. Only the rows in sight are drawn. The grid itself has the focus and tells which row is
 * active: a row that is scrolled out of sight can then not lose it.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { CartModel } from '../../models/page/cart';
import { Column, IOrder, IRow, isManaged } from '../../models/page/packageRows';
import { IRange, scrollFor } from '../../models/page/window';
import { PackageRow } from './packageRow';
import { useWindow } from './useWindow';

export const ROW_HEIGHT = 28;

export interface IPackageTableProps {
  /** Goes before the ids of rows. */
  readonly id: string;
  readonly rows: readonly IRow[];
  readonly order: IOrder;
  readonly selected: ReadonlySet<string>;
  /** The package whose details are shown. */
  readonly open: string;
  readonly cart: CartModel;
  /** Whether nothing can be changed, so that nothing is selected for it. */
  readonly readOnly: boolean;
  readonly trans: TranslationBundle;
  /** What to say when there are no rows. */
  readonly empty: string;
  readonly onSort: (column: Column) => void;
  readonly onToggle: (name: string) => void;
  readonly onRange: (from: string, to: string) => void;
  readonly onAll: (all: boolean) => void;
  readonly onOpen: (name: string) => void;
  readonly onRemove: (name: string) => void;
}

export function PackageTable(props: IPackageTableProps): JSX.Element {
  const { rows, trans, id } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  const { range, onScroll } = useWindow(scroller, ROW_HEIGHT, rows.length);
  const cursor = useCursor(props, scroller);
  const isShown = cursor.place >= range.first && cursor.place < range.last;
  return (
    <div
      ref={scroller}
      className="jp-envs-Grid"
      role="grid"
      aria-label={trans.__('Installed packages')}
      aria-rowcount={rows.length + 1}
      aria-multiselectable={!props.readOnly}
      aria-activedescendant={isShown && rows.length > 0 ? `${id}-${cursor.place}` : undefined}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={cursor.onKeyDown}
    >
      <Head {...props} />
      {rows.length === 0 && <Nothing text={props.empty} />}
      <Rows {...props} range={range} cursor={cursor} />
    </div>
  );
}

/** The rows in sight, at their places. */
function Rows(props: IPackageTableProps & { range: IRange; cursor: ICursor }): JSX.Element {
  const { rows, range, cursor } = props;
  return (
    <div role="rowgroup" className="jp-envs-Grid-body" style={{ height: rows.length * ROW_HEIGHT }}>
      {rows.slice(range.first, range.last).map((row, offset) => {
        const index = range.first + offset;
        const { name } = row.package;
        return (
          <PackageRow
            key={name}
            id={`${props.id}-${index}`}
            row={row}
            index={index}
            height={ROW_HEIGHT}
            isActive={index === cursor.place}
            isOpen={name === props.open}
            isSelected={props.selected.has(name)}
            readOnly={props.readOnly}
            pending={props.cart.find(name)?.action ?? ''}
            trans={props.trans}
            onToggle={extend => cursor.toggle(name, extend)}
            onOpen={() => {
              cursor.put(index);
              props.onOpen(name);
            }}
          />
        );
      })}
    </div>
  );
}

/** The active row, and what moves it. */
interface ICursor {
  readonly place: number;
  readonly put: (place: number) => void;
  /** Select a row or no longer; or all from the one before to it. */
  readonly toggle: (name: string, extend: boolean) => void;
  readonly onKeyDown: (event: React.KeyboardEvent) => void;
}

function useCursor(props: IPackageTableProps, scroller: React.RefObject<HTMLElement>): ICursor {
  const { rows } = props;
  const [active, put] = React.useState(0);
  const [anchor, setAnchor] = React.useState('');
  const place = Math.min(active, rows.length - 1);
  const go = (to: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    const node = scroller.current;
    put(next);
    if (node) {
      node.scrollTop = scrollFor(next, node.scrollTop, node.clientHeight, ROW_HEIGHT, ROW_HEIGHT);
    }
    if (props.open && rows[next]) {
      props.onOpen(rows[next].package.name);
    }
  };
  const toggle = (name: string, extend: boolean): void => {
    if (extend && anchor) {
      props.onRange(anchor, name);
    } else {
      props.onToggle(name);
    }
    setAnchor(name);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const name = rows[place]?.package.name;
    const isHere = event.target === scroller.current; // not in a button of the heading
    if (isHere && name && onKey(event, { ...props, name, place, page: pageOf(scroller), go, toggle })) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return { place, put, toggle, onKeyDown };
}

interface IKeyContext extends IPackageTableProps {
  readonly name: string;
  readonly place: number;
  /** How many rows are in sight. */
  readonly page: number;
  readonly go: (to: number) => void;
  readonly toggle: (name: string, extend: boolean) => void;
}

/** Do what a key asks for; tell whether it was one of ours. */
function onKey(event: React.KeyboardEvent, context: IKeyContext): boolean {
  const { name, place, rows, go } = context;
  const moves: Record<string, number> = {
    ArrowDown: place + 1,
    ArrowUp: place - 1,
    PageDown: place + context.page,
    PageUp: place - context.page,
    Home: 0,
    End: rows.length - 1
  };
  const acts: Record<string, () => void> = {
    Enter: () => context.onOpen(name),
    ...(!context.readOnly && { ' ': () => context.toggle(name, event.shiftKey), Delete: () => context.onRemove(name) }),
    ...(context.open && { Escape: () => context.onOpen('') })
  };
  if (!context.readOnly && (event.ctrlKey || event.metaKey) && event.key === 'a') {
    context.onAll(true);
    return true;
  }
  const to = moves[event.key];
  if (to !== undefined) {
    go(to);
    return true;
  }
  acts[event.key]?.();
  return event.key in acts;
}

function pageOf(scroller: React.RefObject<HTMLElement>): number {
  return Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
}

function Head(props: IPackageTableProps): JSX.Element {
  const { rows, selected, trans } = props;
  const able = rows.filter(row => isManaged(row.package)).length;
  const columns: [Column, string][] = [
    ['name', trans.__('Name')],
    ['version', trans.__('Version')],
    ['source', trans.__('Source')],
    ['size', trans.__('Size')],
    ['update', trans.__('Update')]
  ];
  return (
    <div role="rowgroup" className="jp-envs-Grid-head">
      <div role="row" aria-rowindex={1} className="jp-envs-Grid-row">
        <span role="columnheader" aria-label={trans.__('Selected')}>
          {!props.readOnly && (
            <input
              type="checkbox"
              aria-label={trans.__('Select all')}
              disabled={able === 0}
              checked={selected.size > 0 && selected.size >= able}
              ref={node => node && (node.indeterminate = selected.size > 0 && selected.size < able)}
              onChange={event => props.onAll(event.target.checked)}
            />
          )}
        </span>
        {columns.map(([column, label]) => (
          <Heading key={column} column={column} label={label} {...props} />
        ))}
      </div>
    </div>
  );
}

function Heading(props: IPackageTableProps & { column: Column; label: string }): JSX.Element {
  const { order, column } = props;
  const isSorted = order.column === column;
  const Icon = order.descending ? caretDownIcon : caretUpIcon;
  return (
    <span
      role="columnheader"
      data-column={column}
      aria-sort={isSorted ? (order.descending ? 'descending' : 'ascending') : 'none'}
    >
      <button className="jp-envs-Grid-sort" onClick={() => props.onSort(column)}>
        {props.label}
        {isSorted && <Icon.react tag="span" className="jp-envs-Icon" />}
      </button>
    </span>
  );
}

function Nothing(props: { text: string }): JSX.Element {
  return (
    <div role="rowgroup">
      <div role="row" className="jp-envs-Grid-none">
        <span role="gridcell">{props.text}</span>
      </div>
    </div>
  );
}

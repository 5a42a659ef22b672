/** A row of tabs: the arrow keys go from one to the next, Home and End to the first and the last. */

import { Badge } from './badges';
import * as React from 'react';

export interface ITab<T extends string> {
  readonly id: T;
  readonly label: string;
  /** A number beside the label; 0 for none. */
  readonly count: number;
}

export interface ITabsProps<T extends string> {
  /** Goes before the ids of tabs and panels, which must be unique in the document. */
  readonly prefix: string;
  readonly tabs: readonly ITab<T>[];
  readonly current: T;
  readonly label: string;
  readonly onChoose: (tab: T) => void;
}

export function Tabs<T extends string>(props: ITabsProps<T>): JSX.Element {
  const { tabs, current, prefix } = props;
  const list = React.useRef<HTMLDivElement>(null);
  const choose = (tab: ITab<T> | undefined): void => {
    if (tab) {
      props.onChoose(tab.id);
      list.current?.querySelector<HTMLElement>(`#${tabId(prefix, tab.id)}`)?.focus();
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const place = placeAfter(event.key, tabs.findIndex(tab => tab.id === current), tabs.length);
    if (place !== null) {
      event.preventDefault();
      choose(tabs[place]);
    }
  };
  return (
    <div ref={list} className="jp-envs-Tabs" role="tablist" aria-label={props.label} onKeyDown={onKeyDown}>
      {tabs.map(tab => (
        <button
          key={tab.id}
          id={tabId(prefix, tab.id)}
          className="jp-envs-Tab"
          role="tab"
          aria-selected={tab.id === current}
          aria-controls={tab.id === current ? panelId(prefix) : undefined}
          tabIndex={tab.id === current ? 0 : -1}
          onClick={() => props.onChoose(tab.id)}
        >
          {tab.label}
          {tab.count > 0 && <Badge kind="count">{tab.count}</Badge>}
        </button>
      ))}
    </div>
  );
}

/** The panel of the current tab. */
export function TabPanel(props: { prefix: string; tab: string; children: React.ReactNode }): JSX.Element {
  return (
    <div
      id={panelId(props.prefix)}
      className="jp-envs-TabPanel"
      role="tabpanel"
      aria-labelledby={tabId(props.prefix, props.tab)}
      data-tab={props.tab}
    >
      {props.children}
    </div>
  );
}

/** Where a key leads to among `count` places in a ring; `null` for a key that leads nowhere. */
function placeAfter(key: string, place: number, count: number): number | null {
  const places: Record<string, number> = {
    ArrowRight: (place + 1) % count,
    ArrowLeft: (place - 1 + count) % count,
    Home: 0,
    End: count - 1
  };
  return places[key] ?? null;
}

function tabId(prefix: string, tab: string): string {
  return `${prefix}-tab-${tab}`;
}

function panelId(prefix: string): string {
  return `${prefix}-panel`;
}

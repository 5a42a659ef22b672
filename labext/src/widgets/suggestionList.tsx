/** The list below a field. It stands in the browser's top layer, so that no panel or dialog cuts it off. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ISuggestion } from '../models/suggestions';

export interface ISuggestionListProps {
  readonly id: string;
  readonly anchor: React.RefObject<HTMLElement>;
  readonly suggestions: readonly ISuggestion[];
  /** Which is marked; -1 for none. */
  readonly at: number;
  readonly text: string;
  readonly busy: boolean;
  readonly problem: string;
  readonly trans: TranslationBundle;
  readonly onChoose: (suggestion: ISuggestion) => void;
}

const GAP = 2;
const LEAST_WIDTH = 240;

export function SuggestionList(props: ISuggestionListProps): JSX.Element {
  const { suggestions, trans } = props;
  const node = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => place(node.current, props.anchor.current));
  React.useLayoutEffect(() => {
    node.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [props.at]);
  return (
    <div ref={node} className="jp-envs-Suggestions" {...{ popover: 'manual' }}>
      <ul role="listbox" id={props.id} aria-label={trans.__('Packages that fit')}>
        {suggestions.map((suggestion, index) => (
          <li
            key={suggestion.spec}
            id={`${props.id}-${index}`}
            role="option"
            aria-selected={index === props.at}
            onMouseDown={event => event.preventDefault()}
            onClick={() => props.onChoose(suggestion)}
          >
            <span className="jp-envs-Suggestions-name">{suggestion.label}</span>
            <span className="jp-envs-Suggestions-note">
              {suggestion.installed ? trans.__('%1 is installed', suggestion.installed) : suggestion.note}
            </span>
          </li>
        ))}
      </ul>
      {suggestions.length === 0 && (
        <p className="jp-envs-Suggestions-empty" role="status">
          {emptyText(props)}
        </p>
      )}
    </div>
  );
}

function emptyText(props: ISuggestionListProps): string {
  if (props.busy) {
    return props.trans.__('Looking…');
  }
  return props.problem || props.trans.__('No source knows %1; Enter takes it all the same', props.text.trim());
}

function place(node: HTMLElement | null, anchor: HTMLElement | null): void {
  if (!node || !anchor) {
    return;
  }
  if (!node.matches(':popover-open')) {
    node.showPopover();
  }
  const field = anchor.getBoundingClientRect();
  const below = window.innerHeight - field.bottom;
  const isAbove = below < 160 && field.top > below;
  node.style.width = `${Math.max(field.width, LEAST_WIDTH)}px`;
  node.style.left = `${field.left}px`;
  node.style.maxHeight = `${Math.min(280, (isAbove ? field.top : below) - 8)}px`;
  node.style.top = isAbove ? '' : `${field.bottom + GAP}px`;
  node.style.bottom = isAbove ? `${window.innerHeight - field.top + GAP}px` : '';
}

/**
 * A field for requests: what is chosen stands in it as chips, what is typed is completed in a list below. Follows the
 * combobox pattern of ARIA: the focus stays in the text, the arrows move through the list.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { nameOfSpec, splitSpecs, withSpec } from '../models/specs';
import type { ISuggestion } from '../models/suggestions';
import { SuggestionList } from './suggestionList';

export interface ISpecFieldProps {
  readonly id: string;
  readonly label: string;
  readonly placeholder: string;
  readonly specs: readonly string[];
  readonly suggestions: readonly ISuggestion[];
  readonly busy: boolean;
  /** Why nothing could be looked up; empty when it could. */
  readonly problem: string;
  readonly disabled?: boolean;
  readonly trans: TranslationBundle;
  readonly onChange: (specs: readonly string[]) => void;
  readonly onAsk: (text: string) => void;
  /** Enter in an empty text. */
  readonly onEnter?: () => void;
}

export function SpecField(props: ISpecFieldProps): JSX.Element {
  const input = React.useRef<HTMLInputElement>(null);
  const frame = React.useRef<HTMLDivElement>(null);
  const field = useSpecs(props);
  const list = `${props.id}-list`;
  return (
    <div ref={frame} className="jp-envs-Specs" data-disabled={props.disabled} onClick={() => input.current?.focus()}>
      {props.specs.map(spec => (
        <Chip key={spec} spec={spec} {...props} onEdit={() => field.edit(spec)} />
      ))}
      <input
        ref={input}
        id={props.id}
        className="jp-envs-Specs-input"
        role="combobox"
        aria-label={props.label}
        aria-expanded={field.isOpen}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={field.isOpen && field.at >= 0 ? `${list}-${field.at}` : undefined}
        autoComplete="off"
        spellCheck={false}
        disabled={props.disabled}
        placeholder={props.specs.length === 0 ? props.placeholder : ''}
        value={field.text}
        onChange={event => field.type(event.target.value)}
        onKeyDown={field.onKey}
        onPaste={field.onPaste}
        onBlur={field.commit}
      />
      {field.isOpen && (
        <SuggestionList {...props} id={list} anchor={frame} at={field.at} text={field.text} onChoose={field.choose} />
      )}
    </div>
  );
}

interface IField {
  readonly text: string;
  readonly isOpen: boolean;
  readonly at: number;
  readonly type: (text: string) => void;
  readonly edit: (spec: string) => void;
  readonly choose: (suggestion: ISuggestion) => void;
  readonly commit: () => void;
  readonly onKey: (event: React.KeyboardEvent) => void;
  readonly onPaste: (event: React.ClipboardEvent) => void;
}

/** What is being typed, and what keys do to it. */
function useSpecs(props: ISpecFieldProps): IField {
  const [text, setText] = React.useState('');
  const [isOpen, setOpen] = React.useState(false);
  const [at, setAt] = React.useState(-1);
  const type = (value: string): void => {
    setText(value);
    setAt(-1);
    setOpen(value.trim() !== '');
    props.onAsk(value);
  };
  const add = (specs: readonly string[]): void => {
    props.onChange(specs.reduce<readonly string[]>(withSpec, props.specs));
    type('');
  };
  const edit = (spec: string, more = ''): void => {
    props.onChange(props.specs.filter(other => other !== spec));
    type(spec + more);
  };
  const commit = (): void => (text.trim() ? add(splitSpecs(text)) : setOpen(false));
  const choose = (suggestion: ISuggestion): void => add([suggestion.spec]);
  const onKey = (event: React.KeyboardEvent): void => {
    const act = keyAction(event.key, {
      isOpen,
      text,
      last: props.specs[props.specs.length - 1],
      chosen: isOpen ? props.suggestions[at] : undefined,
      move: step => setAt(moved(at, step, props.suggestions.length)),
      close: () => setOpen(false),
      open: () => type(text),
      enter: props.onEnter,
      choose,
      commit,
      edit
    });
    if (act) {
      event.preventDefault();
      event.stopPropagation();
      act();
    }
  };
  const onPaste = (event: React.ClipboardEvent): void => {
    const pasted = event.clipboardData.getData('text');
    if (/[\s,]/.test(pasted.trim())) {
      event.preventDefault();
      add(splitSpecs(text + pasted));
    }
  };
  return { text, isOpen, at, type, edit, choose, commit, onKey, onPaste };
}

interface IKeyState {
  readonly isOpen: boolean;
  readonly text: string;
  readonly last: string | undefined;
  readonly chosen: ISuggestion | undefined;
  readonly move: (step: number) => void;
  readonly open: () => void;
  readonly close: () => void;
  readonly enter: (() => void) | undefined;
  readonly choose: (suggestion: ISuggestion) => void;
  readonly commit: () => void;
  readonly edit: (spec: string, more?: string) => void;
}

/** What a key does; `null` when it is for the browser. A sign such as `=` after a chip goes on with that chip. */
function keyAction(key: string, state: IKeyState): (() => void) | null {
  const { chosen, last } = state;
  const isEmpty = state.text.trim() === '';
  if (key === 'Enter') {
    return chosen ? () => state.choose(chosen) : isEmpty ? state.enter ?? null : state.commit;
  }
  if (key === 'ArrowDown' || key === 'ArrowUp') {
    return state.isOpen ? () => state.move(key === 'ArrowDown' ? 1 : -1) : isEmpty ? null : state.open;
  }
  if (key === 'Escape') {
    return state.isOpen ? state.close : null;
  }
  if (key === ',' && !isEmpty) {
    return state.commit;
  }
  if (isEmpty && last && key === 'Backspace') {
    return () => state.edit(last);
  }
  return isEmpty && last && /^[=<>~!]$/.test(key) ? () => state.edit(last, key) : null;
}

/** The next place in a list, where -1 is the text itself. */
function moved(at: number, step: number, length: number): number {
  const next = at + step;
  return next < -1 ? length - 1 : next >= length ? -1 : next;
}

function Chip(props: ISpecFieldProps & { spec: string; onEdit: () => void }): JSX.Element {
  const { spec, specs, trans } = props;
  return (
    <span className="jp-envs-Chip" title={spec}>
      <button
        type="button"
        className="jp-envs-Chip-text"
        aria-label={trans.__('Change %1', spec)}
        disabled={props.disabled}
        onClick={props.onEdit}
      >
        {spec}
      </button>
      <button
        type="button"
        className="jp-envs-Chip-remove"
        aria-label={trans.__('Leave out %1', nameOfSpec(spec))}
        disabled={props.disabled}
        onClick={() => props.onChange(specs.filter(other => other !== spec))}
      >
        <closeIcon.react tag="span" />
      </button>
    </span>
  );
}

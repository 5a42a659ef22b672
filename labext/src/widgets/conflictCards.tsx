/** A conflict as cards: what cannot go together and why, fixes that were tried, and names that nobody knows. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IConflict, IFix, INeed, IUnknownName } from '../services/plans/interfaces';
import { sentence } from './problem';

export interface IConflictCardsProps {
  readonly conflict: IConflict;
  readonly trans: TranslationBundle;
  /** Whether a click can apply a fix; the others are only told. */
  readonly isClickable: (fix: IFix) => boolean;
  readonly onFix: (fix: IFix) => void;
  readonly onReplace: (text: string, name: string) => void;
}

export function ConflictCards(props: IConflictCardsProps): JSX.Element {
  const { conflict, trans } = props;
  return (
    <div className="jp-envs-Conflict" role="alert">
      {conflict.unknown.map(unknown => (
        <UnknownCard key={unknown.text} unknown={unknown} {...props} />
      ))}
      {conflict.requests.length > 0 && <ClashCard {...props} />}
      <Advice {...props} />
      {conflict.fixes.length > 0 && <Fixes {...props} />}
      {conflict.solver_text && (
        <details>
          <summary>{trans.__('What the solver says')}</summary>
          <pre>{conflict.solver_text}</pre>
        </details>
      )}
    </div>
  );
}

/** What the source of a request that fails alone advises; something in any case. */
function Advice(props: IConflictCardsProps): JSX.Element | null {
  const { conflict, trans } = props;
  const isAnswered = conflict.fixes.length > 0 || conflict.unknown.length > 0;
  if (isAnswered && !conflict.hint) {
    return null;
  }
  return (
    <p className="jp-envs-Conflict-hint">
      {conflict.hint ? sentence(conflict.hint) : trans.__('Ask for fewer packages at once, or loosen their versions.')}
    </p>
  );
}

function ClashCard(props: IConflictCardsProps): JSX.Element {
  const { conflict, trans } = props;
  const title =
    conflict.requests.length === 1
      ? trans.__('%1 cannot be installed, because', conflict.requests[0]!.text)
      : conflict.requests.length === 2
        ? trans.__('These two cannot go together, because')
        : trans.__('These %1 cannot go together, because', conflict.requests.length);
  return (
    <>
      <h3>{title}</h3>
      <div className="jp-envs-Conflict-cards">
        {conflict.requests.map(request => (
          <div key={request.text} className="jp-envs-Card">
            <div className="jp-envs-Card-title">
              {request.text}
              {request.kind === 'pin' && <span className="jp-envs-Badge">{trans.__('pinned')}</span>}
            </div>
            <ul>
              {conflict.needs
                .filter(need => need.request === request.text)
                .map((need, index) => (
                  <li key={index}>{needText(need, trans)}</li>
                ))}
            </ul>
          </div>
        ))}
      </div>
    </>
  );
}

function needText(need: INeed, trans: TranslationBundle): string {
  const via = need.chain.length > 1 ? trans.__(' through %1', need.chain.slice(1).join(', ')) : '';
  const text = trans.__('needs %1%2', need.spec, via);
  if (need.available) {
    return need.reason ? `${text} (${need.reason})` : text;
  }
  return need.reason ? trans.__('%1, which no source has (%2)', text, need.reason) : trans.__('%1, which no source has', text);
}

function Fixes(props: IConflictCardsProps): JSX.Element {
  const { conflict, trans } = props;
  return (
    <>
      <h3>{trans.__('What works (each was tried)')}</h3>
      <ul className="jp-envs-Conflict-fixes">
        {conflict.fixes.map((fix, index) => (
          <li key={index}>
            {props.isClickable(fix) ? (
              <button type="button" className="jp-mod-styled" onClick={() => props.onFix(fix)}>
                {fixText(fix, trans)}
              </button>
            ) : (
              <span>{toldFixText(fix, trans)}</span>
            )}
            <span className="jp-envs-Conflict-gives">{givesText(fix, trans)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function fixText(fix: IFix, trans: TranslationBundle): string {
  if (!fix.replacement) {
    return trans.__('Leave out %1', [fix.request, ...fix.also].join(', '));
  }
  const also = fix.also.length > 0 ? trans.__(' and leave out %1', fix.also.join(', ')) : '';
  return fix.request
    ? trans.__('Use %1 instead of %2%3', fix.replacement, fix.request, also)
    : trans.__('Add %1%2', fix.replacement, also);
}

function toldFixText(fix: IFix, trans: TranslationBundle): string {
  if (fix.kind === 'unpin') {
    return trans.__('Remove the line %1 from conda-meta/pinned', fix.request);
  }
  return trans.__('Remove %1 from the environment first', [fix.request, ...fix.also].join(', '));
}

function givesText(fix: IFix, trans: TranslationBundle): string {
  const versions = Object.entries(fix.versions).map(([name, version]) => `${name} ${version}`);
  return versions.length > 0 ? trans.__('gives %1', versions.join(', ')) : '';
}

function UnknownCard(props: IConflictCardsProps & { unknown: IUnknownName }): JSX.Element {
  const { unknown, trans } = props;
  return (
    <div className="jp-envs-Card">
      <div className="jp-envs-Card-title">{trans.__('No source has %1', unknown.name)}</div>
      {unknown.reason && <p>{sentence(unknown.reason)}</p>}
      {unknown.suggestions.length > 0 && (
        <div className="jp-envs-Card-buttons">
          <span>{trans.__('Did you mean')}</span>
          {unknown.suggestions.map(name => (
            <button key={name} type="button" className="jp-mod-styled" onClick={() => props.onReplace(unknown.text, name)}>
              {name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

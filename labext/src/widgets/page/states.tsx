/** What a tab shows while it has nothing else to show: it is loading, there is nothing, it did not work. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Resource } from '../../models/page/resource';
import type { IProblem } from '../../services/errors';
import { Problem } from '../problem';

/** Something is on its way. */
export function Loading(props: { children: React.ReactNode }): JSX.Element {
  return (
    <div className="jp-envs-State" role="status">
      <span className="jp-envs-Spinner" aria-hidden="true" />
      <p>{props.children}</p>
    </div>
  );
}

/** There is nothing, and what can be done about it. */
export function Empty(props: { title: string; children?: React.ReactNode }): JSX.Element {
  return (
    <div className="jp-envs-State">
      <p className="jp-envs-State-title">{props.title}</p>
      {props.children}
    </div>
  );
}

/** It did not work. */
export function Failed(props: { problem: IProblem; trans: TranslationBundle; onRetry?: () => void }): JSX.Element {
  return (
    <Problem problem={props.problem}>
      {props.onRetry && (
        <div className="jp-envs-Buttons">
          <Button className="jp-mod-styled" onClick={props.onRetry}>
            {props.trans.__('Try again')}
          </Button>
        </div>
      )}
    </Problem>
  );
}

/** A resource: what it holds, or why there is nothing to show. The last good value stays below a failure. */
export function Loaded<T>(props: {
  resource: Resource<T>;
  loading: string;
  trans: TranslationBundle;
  children: (value: T) => React.ReactNode;
}): JSX.Element {
  const { resource, trans } = props;
  return (
    <>
      {resource.problem && <Failed problem={resource.problem} trans={trans} onRetry={() => void resource.refresh()} />}
      {resource.value !== null && props.children(resource.value)}
      {resource.value === null && !resource.problem && <Loading>{props.loading}</Loading>}
    </>
  );
}

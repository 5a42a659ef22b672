/** What happened to packages from one state to another. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IGenerationChange } from '../../services/environments/interfaces';

export function ChangeTable(props: {
  changes: readonly IGenerationChange[];
  /** What the changes are of, for those who do not see where the table stands. */
  label: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { trans } = props;
  return (
    <div className="jp-envs-ChangeTable" role="region" aria-label={props.label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{trans.__('Package')}</th>
            <th scope="col">{trans.__('Before')}</th>
            <th scope="col">{trans.__('After')}</th>
          </tr>
        </thead>
        <tbody>
          {props.changes.map(change => (
            <tr key={change.name} data-kind={change.kind}>
              <th scope="row">{change.name}</th>
              <td>{change.before ?? '–'}</td>
              <td>{change.after ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What stands above the plan of a notebook's environment: why it is not the locked one, and how it differs. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IPackageChange } from '../../services/plans/interfaces';
import { sentence } from '../problem';
import { versionText } from '../planView';

export interface IDifferenceNoteProps {
  readonly because: string;
  /** `null` while it is not known. */
  readonly difference: readonly IPackageChange[] | null;
  readonly trans: TranslationBundle;
}

export function DifferenceNote(props: IDifferenceNoteProps): JSX.Element {
  const { because, difference, trans } = props;
  return (
    <div className="jp-envs-Difference">
      <p>{sentence(trans.__('What was asked for is solved for here: %1', because))}</p>
      {difference && (
        <p>
          {difference.length === 0
            ? trans.__('Every version is the one that was locked.')
            : trans._n('%1 package is another than locked:', '%1 packages are others than locked:', difference.length)}
        </p>
      )}
      {difference && difference.length > 0 && (
        <ul tabIndex={0} aria-label={trans.__('Differences to the lock')}>
          {difference.map(change => (
            <li key={change.name}>
              {change.name} {change.after ? versionText(change) : trans.__('%1 → left out', change.before?.version ?? '')}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

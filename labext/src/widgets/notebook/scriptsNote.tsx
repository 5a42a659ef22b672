/** What stands above a plan whose packages may bring scripts that it cannot name yet. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

export function ScriptsNote(props: { unknown: number; trans: TranslationBundle }): JSX.Element | null {
  const { unknown, trans } = props;
  if (unknown === 0) {
    return null;
  }
  return (
    <p className="jp-envs-Difference">
      {trans._n(
        '%1 package is not downloaded yet. If it brings a script, you see the plan again before that is run.',
        '%1 packages are not downloaded yet. If they bring scripts, you see the plan again before one is run.',
        unknown
      )}
    </p>
  );
}

/** What stands above a plan whose packages are not downloaded: from where they are, and scripts that it cannot name yet. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

export interface IScriptsNoteProps {
  readonly unknown: number;
  /** The servers that packages come from, as far as that is known before they are. */
  readonly hosts: readonly string[];
  /** Those of them that the settings know nothing of. */
  readonly foreign: readonly string[];
  readonly trans: TranslationBundle;
}

export function ScriptsNote(props: IScriptsNoteProps): JSX.Element | null {
  const { unknown, hosts, foreign, trans } = props;
  if (unknown === 0 && hosts.length === 0) {
    return null;
  }
  return (
    <div className="jp-envs-Difference">
      {hosts.length > 0 && <p>{trans.__('Packages are downloaded from %1.', hosts.join(', '))}</p>}
      {foreign.length > 0 && (
        <p className="jp-envs-Difference-foreign">
          {trans.__('Some of them are wheels from servers that your settings do not name: %1.', foreign.join(', '))}
        </p>
      )}
      {unknown > 0 && (
        <p>
          {trans._n(
            '%1 package is not downloaded yet. If it brings a script, you see the plan again before that is run.',
            '%1 packages are not downloaded yet. If they bring scripts, you see the plan again before one is run.',
            unknown
          )}
        </p>
      )}
    </div>
  );
}

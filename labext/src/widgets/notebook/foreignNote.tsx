/** Names the channels that a notebook takes packages from and the settings do not name. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

export class ForeignNote extends ReactWidget {
  constructor(
    private readonly _channels: readonly string[],
    private readonly _trans: TranslationBundle
  ) {
    super();
  }

  protected render(): JSX.Element {
    const said = this._trans.__('The environment of this notebook has packages from there. Nothing has been fetched yet.');
    return (
      <>
        <p>{said}</p>
        <ul>
          {this._channels.map(channel => (
            <li key={channel}>
              <code>{channel}</code>
            </li>
          ))}
        </ul>
      </>
    );
  }
}

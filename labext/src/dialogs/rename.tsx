/** Asks for another name of an environment; says what is wrong with it while it is typed. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { problemOfName } from '../models/names';
import type { IEnvironment } from '../services/environments/interfaces';
import { FlowFooter } from '../widgets/flowFooter';
import { NameField } from '../widgets/nameField';
import { showFlow } from './flow';

/** Ask for a name; `running` is how many kernels run in it now. Empty when it was given up or is the same. */
export async function askForName(
  environment: IEnvironment,
  taken: readonly string[],
  running: number,
  trans: TranslationBundle
): Promise<string> {
  const changed = new Signal<object, void>({});
  const others = taken.filter(name => name !== environment.name);
  let name = environment.name;
  let agreed = false;
  const accept = (event?: React.FormEvent): void => {
    event?.preventDefault();
    if (problemOfName(name, others) === null) {
      agreed = name !== environment.name;
      dialog.close();
    }
  };
  const dialog = showFlow({
    title: trans.__('Rename %1', environment.name),
    changed,
    focus: '#jp-envs-rename',
    render: () => (
      <form onSubmit={accept}>
        <NameField
          id="jp-envs-rename"
          value={name}
          problem={problemOfName(name, others)}
          trans={trans}
          onChange={value => {
            name = value;
            changed.emit();
          }}
        />
        <p className="jp-envs-Field-hint">
          {trans.__('Its packages and history move with it; its kernel is registered under the new name.')}
        </p>
        {running > 0 && (
          <p className="jp-envs-Plan-warning">
            {trans._n(
              '%1 running kernel uses it and will have to be switched: its notebook offers that.',
              '%1 running kernels use it and will have to be switched: their notebooks offer that.',
              running
            )}
          </p>
        )}
        <FlowFooter
          buttons={[
            { label: trans.__('Cancel'), onClick: () => dialog.close() },
            { label: trans.__('Rename'), accept: true, disabled: problemOfName(name, others) !== null, onClick: () => accept() }
          ]}
        />
      </form>
    )
  });
  await dialog.closed;
  return agreed ? name : '';
}

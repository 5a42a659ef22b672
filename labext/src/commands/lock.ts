/** Writing the environment of a notebook's kernel into the notebook, through its model: it is saved with it. */

import { Notification, showErrorMessage } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import { lockIcon } from '@jupyterlab/ui-components';

import { asProblem } from '../services/errors';
import type { IEnvironment } from '../services/environments/interfaces';
import type { INotebookKernels } from '../tokens';
import type { ICommandContext } from './context';
import { CommandIDs } from './ids';

/** Register the command, for the active notebook. */
export function addLockCommand(context: ICommandContext, notebooks: INotebookTracker, kernels: INotebookKernels): void {
  const { app, manager, trans } = context;
  const environment = (): IEnvironment | null => {
    const panel = notebooks.currentWidget;
    const path = panel ? kernels.of(panel.sessionContext).path : '';
    return path ? manager.environments.findByPath(path) : null;
  };
  app.commands.addCommand(CommandIDs.lockNotebook, {
    label: args => (args['toolbar'] ? '' : trans.__('Lock Environment into Notebook')),
    caption: trans.__('Write every package of the kernel’s environment into the notebook, so that it can be built elsewhere'),
    icon: args => (args['isPalette'] ? undefined : lockIcon),
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => environment() !== null,
    execute: async () => {
      const [panel, locked] = [notebooks.currentWidget, environment()];
      if (!panel || !locked) {
        return null;
      }
      const { model, path } = panel.context;
      try {
        const { key, lock, packages, subdir } = await manager.api.notebooks.lock(model.toJSON(), locked.id);
        if (JSON.stringify(model.getMetadata(key)) === JSON.stringify(lock)) {
          Notification.info(trans.__('The notebook carries %1 as it is already.', locked.name), { autoClose: SHOWN_MS });
        } else {
          model.setMetadata(key, lock);
          Notification.success(
            trans._n(
              'The notebook carries %2 now: %1 package for %3. Save it to keep that.',
              'The notebook carries %2 now: %1 packages for %3. Save it to keep that.',
              packages,
              locked.name,
              subdir
            ),
            { autoClose: SHOWN_MS }
          );
        }
        return { path, packages };
      } catch (error) {
        const { message, hint } = asProblem(error);
        await showErrorMessage(trans.__('%1 was not locked into the notebook', locked.name), [message, hint].join('\n'));
        return null;
      }
    }
  });
  manager.environments.changed.connect(() => app.commands.notifyCommandChanged(CommandIDs.lockNotebook));
}

const SHOWN_MS = 10_000;

/** Says in a notebook that its kernel should be restarted, only when something it has imported has changed. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs, SessionContextDialogs } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { StaleModel } from '../models/notebook/stale';
import { IEnvironmentsManager, INotebookKernels } from '../tokens';
import { staleBanner } from '../widgets/notebook/staleBanner';
import { eachNotebook } from './eachNotebook';

export const notebookRestartPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:notebook-restart',
  description: 'Says when a kernel should be restarted because something it imported has changed.',
  autoStart: true,
  requires: [IEnvironmentsManager, INotebookKernels],
  optional: [INotebookTracker, ISessionContextDialogs, ITranslator],
  activate: (
    _: JupyterFrontEnd,
    manager: IEnvironmentsManager,
    kernels: INotebookKernels,
    notebooks: INotebookTracker | null,
    sessionDialogs: ISessionContextDialogs | null,
    translator: ITranslator | null
  ): void => {
    if (!notebooks) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const dialogs = sessionDialogs ?? new SessionContextDialogs({ translator: translator ?? nullTranslator });
    eachNotebook(notebooks, panel => {
      const { sessionContext } = panel;
      const model = new StaleModel(kernels.of(sessionContext), manager.environments, manager.api.environments);
      panel.contentHeader.addWidget(staleBanner(model, trans, () => void dialogs.restart(sessionContext)));
    });
  }
};

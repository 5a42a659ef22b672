/** Says in a notebook that the environment of its kernel was renamed, and switches to the kernel it has now. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { MovedModel } from '../models/notebook/moved';
import { IEnvironmentsManager, INotebookKernels } from '../tokens';
import { movedBanner } from '../widgets/notebook/movedBanner';
import { eachNotebook } from './eachNotebook';
import { takeKernel } from './switchKernel';

export const notebookMovedPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:notebook-moved',
  description: 'Says that the environment of a kernel was renamed, and switches to its new kernel.',
  autoStart: true,
  requires: [IEnvironmentsManager, INotebookKernels],
  optional: [INotebookTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentsManager,
    kernels: INotebookKernels,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null
  ): void => {
    if (!notebooks) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    eachNotebook(notebooks, ({ sessionContext, contentHeader }) => {
      const model = new MovedModel(kernels.of(sessionContext), manager.environments, manager.jobs);
      const choose = (name: string): void => takeKernel(app, sessionContext, name, trans);
      contentHeader.addWidget(movedBanner(model, trans, choose));
    });
  }
};

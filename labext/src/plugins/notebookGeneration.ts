/** Says in a notebook that another generation of its shared environment is published, and starts a kernel of that. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ISessionContext, showDialog } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, TranslationBundle, nullTranslator } from '@jupyterlab/translation';

import { GenerationModel } from '../models/notebook/generation';
import { IEnvironmentsManager, INotebookKernels } from '../tokens';
import { generationBanner } from '../widgets/notebook/generationBanner';
import { eachNotebook } from './eachNotebook';
import { takeKernel } from './switchKernel';

export const notebookGenerationPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:notebook-generation',
  description: 'Says that a kernel runs in another generation of a shared environment than the published one.',
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
      const kernel = kernels.of(sessionContext);
      const name = (): string => manager.environments.findByPath(kernel.path)?.name ?? kernel.name;
      const start = (): void => void startAnew(app, sessionContext, kernel.name, trans);
      contentHeader.addWidget(generationBanner(new GenerationModel(kernel), name, trans, start));
    });
  }
};

async function startAnew(
  app: JupyterFrontEnd,
  session: ISessionContext,
  name: string,
  trans: TranslationBundle
): Promise<void> {
  const { button } = await showDialog({
    title: trans.__('Start a new kernel?'),
    body: trans.__('The present one ends, and its variables are lost.'),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Start') })
    ]
  });
  if (button.accept) {
    takeKernel(app, session, name, trans);
  }
}

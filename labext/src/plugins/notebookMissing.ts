/** Offers, below a cell that did not find a module, to install the package that brings it. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands/ids';
import { ISuggestionOptions, SuggestionModel } from '../models/notebook/suggestion';
import { IEnvironmentsManager, INotebookKernels } from '../tokens';
import { CellSuggestions } from '../widgets/notebook/cellSuggestions';
import { SuggestionWidget } from '../widgets/notebook/suggestionWidget';
import { eachNotebook } from './eachNotebook';
import { takeKernel } from './switchKernel';

export const notebookMissingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:notebook-missing',
  description: 'Offers to install what a cell did not find.',
  autoStart: true,
  requires: [IEnvironmentsManager, INotebookKernels],
  optional: [INotebookTracker, ISessionContextDialogs, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentsManager,
    kernels: INotebookKernels,
    notebooks: INotebookTracker | null,
    dialogs: ISessionContextDialogs | null,
    translator: ITranslator | null
  ): void => {
    if (!notebooks) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const { commands } = app;
    const { api, environments } = manager;
    const install: ISuggestionOptions['install'] = (environment, name) =>
      commands.execute(CommandIDs.change, {
        request: { action: 'install', environment: environment.id, specs: [name] }
      });
    const clone: ISuggestionOptions['clone'] = environment => commands.execute(CommandIDs.clone, { id: environment.id });
    eachNotebook(notebooks, panel => {
      const { content: notebook, sessionContext } = panel;
      const kernel = kernels.of(sessionContext);
      new CellSuggestions(notebook, (cell, missing, fresh) => {
        const model = new SuggestionModel({ missing, fresh, kernel, environments, api, install, clone });
        return new SuggestionWidget(model, trans, {
          runAgain: () =>
            void NotebookActions.runCells(notebook, [cell], sessionContext, dialogs ?? undefined, translator ?? undefined),
          useKernel: name => takeKernel(app, sessionContext, name, trans)
        });
      });
    });
  }
};

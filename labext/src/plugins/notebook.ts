/** Puts the environment of the kernel into the toolbar of notebooks, where the settings can move it. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands/ids';
import { KernelEnvironmentModel, Whereabouts } from '../models/notebook/kernelEnvironment';
import { IEnvironmentsManager, INotebookKernels } from '../tokens';
import { EnvironmentItem } from '../widgets/notebook/environmentItem';

const CHANGE_KERNEL = 'notebook:change-kernel';

export const notebookPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:notebook',
  description: 'The environment of the kernel in the toolbar of notebooks.',
  autoStart: true,
  requires: [IEnvironmentsManager, INotebookKernels],
  optional: [IToolbarWidgetRegistry, ITranslator],
  activate: (
    { commands }: JupyterFrontEnd,
    manager: IEnvironmentsManager,
    kernels: INotebookKernels,
    toolbars: IToolbarWidgetRegistry | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const open = (where: Whereabouts): void => {
      if (where.kind === 'managed') {
        void commands.execute(CommandIDs.open, { id: where.environment.id });
      } else {
        void commands.execute(where.kind === 'gone' ? CHANGE_KERNEL : CommandIDs.showSidebar);
      }
    };
    toolbars?.addFactory<NotebookPanel>('Notebook', 'environment', panel => {
      const model = new KernelEnvironmentModel(kernels.of(panel.sessionContext), manager.environments);
      return new EnvironmentItem(model, trans, open);
    });
  }
};

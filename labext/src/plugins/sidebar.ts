/** Puts the environments into the left sidebar and tells the model which notebook is active. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { createEnvironment } from '../dialogs/create';
import { showPlanDialog } from '../dialogs/plan';
import { pathOfKernel } from '../models/kernels';
import { IEnvironmentsManager } from '../tokens';
import { SidebarPanel } from '../widgets/sidebarPanel';

export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:sidebar',
  description: 'The list of environments in the left sidebar.',
  autoStart: true,
  requires: [IEnvironmentsManager],
  optional: [INotebookTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentsManager,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const panel = new SidebarPanel({
      environments: manager.environments,
      jobs: manager.jobs,
      trans,
      onCreate: () => void createEnvironment(manager, trans),
      onInstall: (environment, specs) =>
        void showPlanDialog(manager, { action: 'install', environment: environment.id, specs }, trans)
    });
    app.shell.add(panel, 'left', { rank: 450, type: 'Environments' });
    const update = (): void => {
      const session = notebooks?.currentWidget?.sessionContext;
      const specs = app.serviceManager.kernelspecs.specs;
      manager.environments.activePath = pathOfKernel(specs, session?.session?.kernel?.name);
      session?.kernelChanged.connect(update);
    };
    notebooks?.currentChanged.connect(update);
    app.serviceManager.kernelspecs.specsChanged.connect(update);
  }
};

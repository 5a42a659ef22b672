/** Offers, in a notebook whose environment is not here, to build it; and writes environments into notebooks. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, ISessionContextDialogs, SessionContextDialogs, showErrorMessage } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, TranslationBundle, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands/ids';
import { addLockCommand } from '../commands/lock';
import { buildEnvironment } from '../dialogs/buildNotebook';
import { pathOfKernel } from '../models/kernels';
import { CarriedModel, kernelNameOf } from '../models/notebook/carried';
import { HeldKernel } from '../models/notebook/heldKernel';
import { asProblem } from '../services/errors';
import { IEnvironmentsManager, INotebookKernels } from '../tokens';
import { carriedBanner } from '../widgets/notebook/carriedBanner';
import { eachNotebook } from './eachNotebook';
import { switchKernel } from './switchKernel';

export const notebookCarriedPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:notebook-carried',
  description: 'Notebooks that carry their environment: locked, offered, built.',
  autoStart: true,
  requires: [IEnvironmentsManager, INotebookKernels],
  optional: [INotebookTracker, ICommandPalette, ISessionContextDialogs, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentsManager,
    kernels: INotebookKernels,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
    sessionDialogs: ISessionContextDialogs | null,
    translator: ITranslator | null
  ): void => {
    if (!notebooks) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    addLockCommand({ app, manager, trans }, notebooks, kernels);
    palette?.addItem({ command: CommandIDs.lockNotebook, category: trans.__('Environments'), args: { isPalette: true } });
    const dialogs = sessionDialogs ?? new SessionContextDialogs({ translator: translator ?? nullTranslator });
    eachNotebook(notebooks, panel => offer(app, manager, kernels, panel, dialogs, trans));
  }
};

function offer(
  app: JupyterFrontEnd,
  manager: IEnvironmentsManager,
  kernels: INotebookKernels,
  panel: NotebookPanel,
  dialogs: ISessionContextDialogs,
  trans: TranslationBundle
): void {
  const { sessionContext } = panel;
  const model = new CarriedModel(manager.api.notebooks, window.localStorage);
  const kernel = kernels.of(sessionContext);
  const settle = (): void => {
    if (model.answer?.prefix && kernel.path === model.answer.prefix) {
      model.settle();
    }
  };
  kernel.changed.connect(settle, model);
  const choose = async (name: string): Promise<void> => {
    await switchKernel(app, sessionContext, name);
    model.settle();
  };
  const told = (work: Promise<void>): void => {
    work.catch(error => showErrorMessage(trans.__('The kernel was not changed'), asProblem(error).message));
  };
  const actions = {
    build: (file = '') =>
      told(
        buildEnvironment(manager, model, file, trans).then(async name => {
          await (name ? choose(name) : model.again());
        })
      ),
    use: () => told(kernelOf(manager, model).then(choose))
  };
  panel.contentHeader.addWidget(carriedBanner(model, actions, trans));
  void look(app, panel, model, () => dialogs.selectKernel(sessionContext)).then(settle);
}

/**
 * As it was opened: a kernel that is chosen because its own is not here is written into the notebook soon after. So
 * JupyterLab's question for another is put off until it is known that there is nothing better to offer.
 */
async function look(
  app: JupyterFrontEnd,
  { context, sessionContext }: NotebookPanel,
  model: CarriedModel,
  select: () => Promise<unknown>
): Promise<void> {
  await context.ready;
  const content = context.model.toJSON();
  const { kernelspecs } = app.serviceManager;
  const name = kernelNameOf(content);
  const isHere = (): boolean => name === '' || kernelspecs.specs?.kernelspecs[name] !== undefined;
  const held = isHere() ? null : new HeldKernel(sessionContext, select);
  await kernelspecs.ready;
  const exists = isHere();
  const release = (): void => {
    if (exists || !model.isActionable) {
      void held?.release();
    }
  };
  if (exists) {
    release();
  }
  if (!model.isDisposed) {
    await model.look({ content, path: context.localPath }, { exists, path: pathOfKernel(kernelspecs.specs, name) });
  }
  release();
  model.changed.connect(release);
}

/** The kernel of the environment that has it all; one that is not registered yet is. */
async function kernelOf(manager: IEnvironmentsManager, model: CarriedModel): Promise<string> {
  const { kernel = '', environment = null } = model.answer ?? {};
  if (kernel || !environment) {
    return kernel;
  }
  const [registered] = (await manager.api.environments.registerKernels(environment)).kernels;
  if (!registered) {
    throw new Error('The environment has no kernel: install ipykernel into it');
  }
  return registered.name;
}

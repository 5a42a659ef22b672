/** Makes the models of the notebooks' kernels, which the parts in the notebook share. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { NotebookKernels } from '../models/notebook/kernel';
import { INotebookKernels } from '../tokens';

export const notebookKernelsPlugin: JupyterFrontEndPlugin<INotebookKernels> = {
  id: 'jupyter-envs:notebook-kernels',
  description: 'The kernels of open notebooks, and where they run.',
  autoStart: true,
  provides: INotebookKernels,
  activate: (app: JupyterFrontEnd): INotebookKernels => new NotebookKernels(app.serviceManager.kernelspecs)
};

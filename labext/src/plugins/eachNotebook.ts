/** Doing something once for each notebook, those that are open and those that will be. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

export function eachNotebook(notebooks: INotebookTracker, act: (panel: NotebookPanel) => void): void {
  notebooks.forEach(act);
  notebooks.widgetAdded.connect((_, panel) => act(panel));
}

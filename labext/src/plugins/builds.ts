/** Builds recipes from the file browser, and looks which of the folders that it shows hold one. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { FileBrowser, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { addBuildCommand, addInstallBuiltCommand } from '../commands/builds';
import { RecipesModel } from '../models/recipes';
import { IEnvironmentsManager } from '../tokens';

export const buildsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:builds',
  description: 'Builds packages from recipes.',
  autoStart: true,
  requires: [IEnvironmentsManager],
  optional: [IFileBrowserFactory, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentsManager,
    files: IFileBrowserFactory | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const context = { app, manager, trans };
    addInstallBuiltCommand(context);
    if (!files) {
      return;
    }
    const recipes = new RecipesModel(manager.api.builds);
    addBuildCommand(context, files, recipes);
    const watch = ({ model }: FileBrowser): void => {
      const look = (): void => void recipes.look(app.serviceManager.contents.localPath(model.path));
      model.refreshed.connect(look);
      look();
    };
    files.tracker.forEach(watch);
    files.tracker.widgetAdded.connect((_, browser) => watch(browser));
  }
};

/** Registers the commands and puts them into the palette. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { addChangeCommands } from '../commands/changes';
import { addEnvironmentCommands } from '../commands/environments';
import { addFileCommand, fileTypes } from '../commands/files';
import { CommandIDs } from '../commands/ids';
import { addJobCommands } from '../commands/jobs';
import { IEnvironmentsManager } from '../tokens';

/** In the palette, and whether an environment has to be chosen first. */
const IN_PALETTE: readonly (readonly [string, boolean])[] = [
  [CommandIDs.create, false],
  [CommandIDs.open, true],
  [CommandIDs.newNotebook, true],
  [CommandIDs.install, true],
  [CommandIDs.undo, true],
  [CommandIDs.clone, true],
  [CommandIDs.rename, true],
  [CommandIDs.export, true],
  [CommandIDs.copyPath, true],
  [CommandIDs.delete, true],
  [CommandIDs.showSidebar, false],
  [CommandIDs.showJobs, false],
  [CommandIDs.refresh, false]
];

export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:commands',
  description: 'Commands that make and change environments.',
  autoStart: true,
  requires: [IEnvironmentsManager],
  optional: [ICommandPalette, IFileBrowserFactory, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentsManager,
    palette: ICommandPalette | null,
    files: IFileBrowserFactory | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const context = { app, manager, trans };
    addChangeCommands(context);
    addEnvironmentCommands(context, files);
    addJobCommands(context);
    fileTypes(trans).forEach(type => app.docRegistry.addFileType(type));
    if (files) {
      addFileCommand(context, files);
    }
    for (const [command, pick] of IN_PALETTE) {
      palette?.addItem({ command, category: trans.__('Environments'), args: { isPalette: true, ...(pick && { pick }) } });
    }
    manager.sidebar.changed.connect(() => app.commands.notifyCommandChanged());
  }
};

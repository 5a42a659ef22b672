/** Making an environment from a file that is selected in the file browser, and the kinds of such files. */

import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { TranslationBundle } from '@jupyterlab/translation';

import { showErrorMessage } from '@jupyterlab/apputils';
import { buildIcon } from '@jupyterlab/ui-components';
import { environmentIcon } from '../icons';
import { asProblem } from '../services/errors';
import type { ICommandContext } from './context';
import { CommandIDs, ICreateArgs } from './ids';

/** The kinds of files that describe environments. A name with `environment` may stand before or after another word. */
export function fileTypes(trans: TranslationBundle): Partial<DocumentRegistry.IFileType>[] {
  return [
    {
      name: 'conda-environment',
      displayName: trans.__('Environment'),
      mimeTypes: ['text/x-yaml'],
      pattern: '^(.*[-_.])?(environment|conda-env)([-_.].*)?\\.ya?ml$',
      fileFormat: 'text',
      contentType: 'file',
      icon: environmentIcon
    },
    {
      name: 'conda-lock',
      displayName: trans.__('Environment Lock File'),
      mimeTypes: ['text/x-yaml'],
      pattern: '^(pixi\\.lock|(.*[-_.])?conda-lock(\\..*)?\\.ya?ml)$',
      fileFormat: 'text',
      contentType: 'file',
      icon: environmentIcon
    },
    {
      name: 'conda-recipe',
      displayName: trans.__('Package Recipe'),
      mimeTypes: ['text/x-yaml'],
      pattern: '^(meta|recipe)\\.yaml$',
      fileFormat: 'text',
      contentType: 'file',
      icon: buildIcon
    },
    {
      name: 'pip-requirements',
      displayName: trans.__('Requirements'),
      mimeTypes: ['text/plain'],
      pattern: '^((.*[-_.])?requirements([-_.].*)?|(.*[-_.])?explicit([-_.].*)?|conda-spec.*)\\.txt$',
      fileFormat: 'text',
      contentType: 'file',
      icon: environmentIcon
    }
  ];
}

/** Register the command. */
export function addFileCommand(context: ICommandContext, files: IFileBrowserFactory): void {
  const { app, trans } = context;
  const selected = (): string | null => {
    const items = [...(files.tracker.currentWidget?.selectedItems() ?? [])];
    return items.length === 1 && items[0]!.type === 'file' ? items[0]!.path : null;
  };
  app.commands.addCommand(CommandIDs.createFromFile, {
    label: trans.__('Create Environment from This File…'),
    icon: environmentIcon,
    isVisible: () => selected() !== null,
    execute: async () => {
      const path = selected();
      if (path === null) {
        return null;
      }
      try {
        const file = await app.serviceManager.contents.get(path, { type: 'file', format: 'text', content: true });
        const args: ICreateArgs = { file: { name: path, text: String(file.content) } };
        return await app.commands.execute(CommandIDs.create, args as never);
      } catch (error) {
        await showErrorMessage(trans.__('%1 could not be read', path), asProblem(error).message);
        return null;
      }
    }
  });
}

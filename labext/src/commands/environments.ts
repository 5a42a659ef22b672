/** Commands for one environment as a whole: rename, delete, export, a notebook in it, its path. */

import { Clipboard } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { copyIcon, deleteIcon, downloadIcon, editIcon, notebookIcon, refreshIcon } from '@jupyterlab/ui-components';

import { confirmDelete } from '../dialogs/delete';
import { askForName } from '../dialogs/rename';
import { isChangeable } from '../models/changeable';
import type { IEnvironment } from '../services/environments/interfaces';
import { ICommandContext, ID_ARGUMENT, findTarget, followed, getTarget } from './context';
import { CommandIDs } from './ids';

/** Register them; `files` tells the folder that is shown, where a new notebook goes. */
export function addEnvironmentCommands(context: ICommandContext, files: IFileBrowserFactory | null): void {
  addRename(context);
  addDelete(context);
  addNotebook(context, files);
  addSmall(context);
}

/** An environment of another tool is that tool's to rename and delete. */
function isOurs(environment: IEnvironment | null): boolean {
  return environment !== null && !environment.external && environment.writable && !environment.busy;
}

function mayBeRenamed(environment: IEnvironment | null): boolean {
  return isOurs(environment) && isChangeable(environment);
}

function addRename(context: ICommandContext): void {
  const { app, manager, trans } = context;
  app.commands.addCommand(CommandIDs.rename, {
    label: trans.__('Rename…'),
    icon: args => (args['isPalette'] ? undefined : editIcon),
    describedBy: ID_ARGUMENT,
    isEnabled: args => Boolean(args['pick']) || mayBeRenamed(findTarget(context, args)),
    execute: async args => {
      const environment = await getTarget(context, args, mayBeRenamed);
      if (!environment) {
        return null;
      }
      const taken = (manager.environments.environments ?? []).filter(other => !other.external).map(other => other.name);
      const given = typeof args['name'] === 'string' ? args['name'] : '';
      const name = given || (await askForName(environment, taken, runningIn(context, environment), trans));
      const title = trans.__('%1 was not renamed', environment.name);
      return name ? followed(context, title, () => manager.api.environments.rename(environment.id, name)) : null;
    }
  });
}

function addDelete(context: ICommandContext): void {
  const { app, manager, trans } = context;
  app.commands.addCommand(CommandIDs.delete, {
    label: trans.__('Delete…'),
    icon: args => (args['isPalette'] ? undefined : deleteIcon),
    describedBy: ID_ARGUMENT,
    isEnabled: args => Boolean(args['pick']) || isOurs(findTarget(context, args)),
    execute: async args => {
      const environment = await getTarget(context, args, isOurs);
      if (!environment || !(await confirmDelete(manager, environment, runningIn(context, environment), trans))) {
        return null;
      }
      const title = trans.__('%1 was not deleted', environment.name);
      return followed(context, title, () => manager.api.environments.remove(environment.id));
    }
  });
}

function runningIn(context: ICommandContext, environment: IEnvironment): number {
  const running = [...context.app.serviceManager.sessions.running()];
  return running.filter(session => environment.kernels.includes(session.kernel?.name ?? '')).length;
}

function addNotebook(context: ICommandContext, files: IFileBrowserFactory | null): void {
  const { app, trans } = context;
  const lacksKernel = (environment: IEnvironment | null): boolean =>
    environment !== null && environment.kernels.length === 0 && environment.python !== null;
  app.commands.addCommand(CommandIDs.newNotebook, {
    label: args => (lacksKernel(findTarget(context, args)) ? trans.__('Add a Kernel…') : trans.__('New Notebook')),
    caption: trans.__('Open a notebook with this environment’s kernel'),
    icon: args => (args['isPalette'] ? undefined : notebookIcon),
    describedBy: ID_ARGUMENT,
    isEnabled: args => {
      const environment = findTarget(context, args);
      return Boolean(args['pick']) || (lacksKernel(environment) ? isChangeable(environment) : Boolean(environment?.kernels.length));
    },
    execute: async args => {
      const environment = await getTarget(context, args);
      if (environment && lacksKernel(environment)) {
        await app.commands.execute(CommandIDs.install, { id: environment.id, specs: ['ipykernel'] });
      } else if (environment) {
        await openNotebook(app, environment.kernels[0] ?? '', files?.tracker.currentWidget?.model.path ?? '');
      }
    }
  });
}

/** The kernel may be younger than what this tab knows of kernels. */
async function openNotebook(app: ICommandContext['app'], kernelName: string, cwd: string): Promise<void> {
  await app.serviceManager.kernelspecs.refreshSpecs();
  await app.commands.execute('notebook:create-new', { kernelName, cwd });
}

function addSmall(context: ICommandContext): void {
  const { app, manager, trans } = context;
  app.commands.addCommand(CommandIDs.export, {
    label: trans.__('Export…'),
    icon: args => (args['isPalette'] ? undefined : downloadIcon),
    describedBy: ID_ARGUMENT,
    isEnabled: args => Boolean(args['pick']) || findTarget(context, args) !== null,
    execute: async args => {
      const environment = await getTarget(context, args);
      return environment && app.commands.execute(CommandIDs.open, { id: environment.id, tab: 'export' });
    }
  });
  app.commands.addCommand(CommandIDs.copyPath, {
    label: trans.__('Copy Path'),
    caption: args => findTarget(context, args)?.path ?? '',
    icon: args => (args['isPalette'] ? undefined : copyIcon),
    describedBy: ID_ARGUMENT,
    isEnabled: args => Boolean(args['pick']) || findTarget(context, args) !== null,
    execute: async args => {
      const environment = await getTarget(context, args);
      if (environment) {
        Clipboard.copyToSystem(environment.path);
      }
    }
  });
  app.commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Environments'),
    icon: args => (args['isPalette'] ? undefined : refreshIcon),
    execute: async () => {
      await Promise.all([
        manager.environments.refresh(),
        manager.jobs.refresh(),
        app.serviceManager.kernelspecs.refreshSpecs()
      ]);
    }
  });
}

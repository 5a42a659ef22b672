/** Commands that change environments: create, install, any change, undo, clone. */

import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { addIcon, copyIcon, undoIcon } from '@jupyterlab/ui-components';

import { showCreateDialog } from '../dialogs/create';
import { showInstallDialog } from '../dialogs/install';
import { showPlanDialog } from '../dialogs/plan';
import { environmentIcon } from '../icons';
import { isChangeable } from '../models/changeable';
import type { ICreateStart } from '../models/creating';
import type { IProblem } from '../services/errors';
import type { IJob } from '../services/jobs/interfaces';
import type { IChangeRequest } from '../services/plans/interfaces';
import { changeText } from '../widgets/changeText';
import { ICommandContext, ID_ARGUMENT, findTarget, followed, getTarget } from './context';
import { CommandIDs, IChangeArgs } from './ids';

/** Register them. */
export function addChangeCommands(context: ICommandContext): void {
  addCreate(context);
  addInstall(context);
  addChange(context);
  addUndo(context);
}

/** Whether a command that changes an environment is offered: of those that will be asked for, one can be changed. */
export function mayChange(context: ICommandContext, args: ReadonlyPartialJSONObject): boolean {
  const all = context.manager.environments.environments ?? [];
  return args['pick'] ? all.some(isChangeable) : isChangeable(findTarget(context, args));
}

function addCreate(context: ICommandContext): void {
  const { app, manager, trans } = context;
  const create = async (start: ICreateStart): Promise<IJob | null> => {
    const job = await showCreateDialog(manager, start, trans);
    return job && manager.jobs.whenEnded(job);
  };
  app.commands.addCommand(CommandIDs.create, {
    label: args => (args['isPalette'] ? trans.__('New Environment…') : trans.__('Environment…')),
    caption: trans.__('Make an environment with packages of its own'),
    icon: args => (args['isPalette'] ? undefined : environmentIcon),
    describedBy: { args: { type: 'object', properties: { name: { type: 'string' }, clone_from: { type: 'string' } } } },
    execute: args => create(args as ICreateStart)
  });
  app.commands.addCommand(CommandIDs.clone, {
    label: args =>
      !args['pick'] && findTarget(context, args)?.kind === 'shared' ? trans.__('Clone into My Environments…') : trans.__('Clone…'),
    caption: trans.__('Make a copy that can be changed on its own'),
    icon: args => (args['isPalette'] ? undefined : copyIcon),
    describedBy: ID_ARGUMENT,
    isEnabled: args => Boolean(args['pick']) || findTarget(context, args) !== null,
    execute: async args => {
      const environment = await getTarget(context, args);
      return environment && create({ clone_from: environment.id });
    }
  });
}

function addInstall(context: ICommandContext): void {
  const { app, manager, trans } = context;
  app.commands.addCommand(CommandIDs.install, {
    label: args => {
      const active = args['active'] ? manager.environments.active : null;
      return active ? trans.__('Install Packages into %1…', active.name) : trans.__('Install Packages…');
    },
    icon: args => (args['isPalette'] ? undefined : addIcon),
    describedBy: ID_ARGUMENT,
    isEnabled: args => mayChange(context, args),
    execute: async args => {
      const environment = await getTarget(context, args, isChangeable);
      if (!environment) {
        return null;
      }
      const given = Array.isArray(args['specs']) ? args['specs'].map(String) : [];
      if (given.length > 0) {
        return change(context, { action: 'install', environment: environment.id, specs: given });
      }
      const job = await showInstallDialog(manager, environment, trans);
      return job && manager.jobs.whenEnded(job);
    }
  });
}

function addChange(context: ICommandContext): void {
  context.app.commands.addCommand(CommandIDs.change, {
    label: context.trans.__('Plan a Change'),
    isVisible: () => false,
    describedBy: { args: { type: 'object', required: ['request'], properties: { request: { type: 'object' } } } },
    execute: args => change(context, (args as unknown as IChangeArgs).request, (args['problem'] ?? null) as IProblem | null)
  });
}

function addUndo(context: ICommandContext): void {
  const { app, manager, trans } = context;
  app.commands.addCommand(CommandIDs.undo, {
    label: trans.__('Undo Last Change…'),
    icon: args => (args['isPalette'] ? undefined : undoIcon),
    describedBy: ID_ARGUMENT,
    isEnabled: args => mayChange(context, args) && (Boolean(args['pick']) || (findTarget(context, args)?.generation ?? 0) > 1),
    execute: async args => {
      const environment = await getTarget(context, args, isChangeable);
      if (!environment) {
        return null;
      }
      const request: IChangeRequest = { action: 'undo', environment: environment.id };
      if (args['confirm'] !== false) {
        return change(context, request);
      }
      return followed(context, trans.__('Undo'), async () => {
        const job = await manager.api.plans.change(request);
        manager.jobs.follow(job, request);
        return job;
      });
    }
  });
}

/** Plan in a dialog, then do it; resolves with the ended job. A `problem` is shown with its fixes instead of a plan. */
async function change(context: ICommandContext, request: IChangeRequest, problem: IProblem | null = null): Promise<IJob | null> {
  const { manager } = context;
  const trustHarmless = manager.settings.values.applyHarmless && problem === null;
  const known = request.environment ? manager.environments.find(request.environment) : null;
  const title = changeText(request, request.name || known?.name || '', context.trans);
  const options = { request, title, trustHarmless, problem };
  const job = await showPlanDialog(manager, options, context.trans);
  return job && manager.jobs.whenEnded(job);
}

/** What commands work with, and which environment they are for. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { chooseEnvironment } from '../dialogs/choose';
import { asProblem } from '../services/errors';
import type { IEnvironment } from '../services/environments/interfaces';
import type { IJob } from '../services/jobs/interfaces';
import type { IEnvironmentsManager } from '../tokens';
import { sentence } from '../widgets/problem';

export interface ICommandContext {
  readonly app: JupyterFrontEnd;
  readonly manager: IEnvironmentsManager;
  readonly trans: TranslationBundle;
}

/** The schema of the argument that most commands take. */
export const ID_ARGUMENT = {
  args: {
    type: 'object',
    properties: { id: { type: 'string', description: 'The id of the environment; without it the selected one' } }
  }
} as const;

/**
 * The environment that is meant without asking: by its id, `active` the active notebook's, else the selected row. `pick`
 * (the palette) means that the person will be asked.
 */
export function findTarget(context: ICommandContext, args: ReadonlyPartialJSONObject): IEnvironment | null {
  const { environments, sidebar } = context.manager;
  if (typeof args['id'] === 'string') {
    return environments.find(args['id']);
  }
  if (args['active']) {
    return environments.active;
  }
  return args['pick'] ? null : (sidebar.selected ?? environments.active);
}

/**
 * The environment that is meant; asks when that is not clear, and reads the list again for an id that is new.
 *
 * @param fits - which environments are asked for
 */
export async function getTarget(
  context: ICommandContext,
  args: ReadonlyPartialJSONObject,
  fits: (environment: IEnvironment) => boolean = () => true
): Promise<IEnvironment | null> {
  const found = findTarget(context, args);
  if (found || args['active']) {
    return found;
  }
  const { environments } = context.manager;
  if (typeof args['id'] === 'string') {
    await environments.refresh();
    return environments.find(args['id']);
  }
  const choices = (environments.environments ?? []).filter(fits);
  const { active } = environments;
  return chooseEnvironment(choices, active && choices.includes(active) ? active : null, context.trans);
}

/** Follow a job that was just submitted to its end; a refusal is shown. */
export async function followed(context: ICommandContext, title: string, submit: () => Promise<IJob>): Promise<IJob | null> {
  try {
    const job = await submit();
    return await context.manager.jobs.whenEnded(job);
  } catch (error) {
    const problem = asProblem(error);
    const text = [problem.message, problem.hint].filter(Boolean).map(sentence).join('\n');
    await showErrorMessage(title, text);
    return null;
  }
}

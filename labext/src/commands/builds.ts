/** Building a recipe that is selected in the file browser, and installing what a build made. */

import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { buildIcon } from '@jupyterlab/ui-components';

import { chooseEnvironmentOrNew } from '../dialogs/choose';
import { isChangeable } from '../models/changeable';
import { builtPackages, choicesOf, createWithBuilt, installBuilt } from '../models/built';
import { freeName } from '../models/names';
import type { RecipesModel } from '../models/recipes';
import type { IPlaceInFile } from '../services/builds/interfaces';
import { findPlace } from '../services/builds/validate';
import { IProblem, asProblem } from '../services/errors';
import type { IBuiltPackage, IJob } from '../services/jobs/interfaces';
import { sentence } from '../widgets/problem';
import type { ICommandContext } from './context';
import { CommandIDs } from './ids';

interface IItem {
  readonly path: string;
  readonly type: string;
}

/** Register the commands for the item that is selected in the file browser, and for one that was. */
export function addBuildCommand(context: ICommandContext, files: IFileBrowserFactory, recipes: RecipesModel): void {
  const { app, trans } = context;
  const items = new Map<string, IItem>();
  const start = async (item: IItem | undefined | null, force: boolean): Promise<IJob | null> => {
    const job = item ? await build(context, item, force) : null;
    if (item && job) {
      items.set(job.id, item);
    }
    return job;
  };
  const selected = (): IItem | null => {
    const [item, ...others] = [...(files.tracker.currentWidget?.selectedItems() ?? [])];
    return item && others.length === 0 && recipes.isRecipe(item) ? item : null;
  };
  app.commands.addCommand(CommandIDs.buildRecipe, {
    label: trans.__('Build Package'),
    caption: trans.__('Build the recipe and put the package into the folder “channel”'),
    icon: buildIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    isVisible: () => selected() !== null,
    execute: () => start(selected(), false)
  });
  app.commands.addCommand(CommandIDs.rebuild, {
    label: trans.__('Build Again'),
    describedBy: { args: { type: 'object', required: ['job'], properties: { job: { type: 'string' } } } },
    isVisible: args => items.has(String(args['job'])),
    execute: args => start(items.get(String(args['job'])), true)
  });
}

async function build(context: ICommandContext, recipe: IItem, force: boolean): Promise<IJob | null> {
  const { app, manager } = context;
  try {
    const job = await manager.api.builds.build(app.serviceManager.contents.localPath(recipe.path), force);
    manager.jobs.follow(job);
    await app.commands.execute(CommandIDs.showLog, { job: job.id });
    return job;
  } catch (error) {
    await showFault(context, recipe, asProblem(error));
    return null;
  }
}

/** A recipe that is not in order: what is wrong, and the way to the line. */
async function showFault(context: ICommandContext, recipe: IItem, problem: IProblem): Promise<void> {
  const { trans } = context;
  const place = findPlace(problem.detail);
  const folder = recipe.type === 'directory' ? recipe.path : PathExt.dirname(recipe.path);
  const open = Dialog.okButton({ label: trans.__('Show Line %1', place?.line ?? 0) });
  const answer = await showDialog({
    title: trans.__('%1 was not built', PathExt.basename(recipe.path)),
    body: [problem.message, problem.hint].filter(Boolean).map(sentence).join('\n'),
    buttons: place ? [Dialog.cancelButton({ label: trans.__('Close') }), open] : [Dialog.okButton()]
  });
  if (place && answer.button.accept) {
    await openAt(context, { ...place, file: PathExt.join(folder, PathExt.basename(place.file)) });
  }
}

async function openAt(context: ICommandContext, place: IPlaceInFile): Promise<void> {
  const args = { path: place.file, factory: 'Editor' };
  const widget = (await context.app.commands.execute('docmanager:open', args)) as IDocumentWidget | undefined;
  if (widget) {
    await Promise.all([widget.context.ready, widget.revealed]);
    if (hasEditor(widget.content)) {
      const position = { line: place.line - 1, column: 0 };
      widget.content.editor.setCursorPosition(position);
      widget.content.editor.revealPosition(position);
    }
  }
}

interface IHasEditor {
  readonly editor: Record<'setCursorPosition' | 'revealPosition', (position: { line: number; column: number }) => void>;
}

function hasEditor(content: object): content is IHasEditor {
  return 'editor' in content;
}

/** Register the command that installs what a build made. */
export function addInstallBuiltCommand(context: ICommandContext): void {
  const { app, manager, trans } = context;
  app.commands.addCommand(CommandIDs.installBuilt, {
    label: trans.__('Install Built Package…'),
    describedBy: { args: { type: 'object', required: ['job'], properties: { job: { type: 'string' } } } },
    isVisible: () => false,
    execute: async args => {
      const job = manager.jobs.find(String(args['job']));
      const packages = job && (await choosePackages(context, choicesOf(builtPackages(job))));
      if (!job || !packages) {
        return null;
      }
      const changeable = (manager.environments.environments ?? []).filter(isChangeable);
      const active = manager.environments.active;
      const preferred = active && changeable.includes(active) ? active : null;
      const environment = await chooseEnvironmentOrNew(changeable, preferred, trans);
      if (!environment) {
        return null;
      }
      const { channels } = await manager.api.catalogue.sources();
      if (environment === 'new') {
        const start = createWithBuilt(job, packages, channels);
        const taken = (manager.environments.environments ?? []).map(each => each.name);
        return app.commands.execute(CommandIDs.create, { ...start, name: freeName(start.name ?? '', taken) } as never);
      }
      const request = installBuilt(job, packages, environment.id, channels);
      return app.commands.execute(CommandIDs.change, { request } as never);
    }
  });
}

type Choice = readonly IBuiltPackage[];

async function choosePackages({ trans }: ICommandContext, choices: readonly Choice[]): Promise<Choice | null> {
  if (choices.length < 2) {
    return choices[0] ?? null;
  }
  const items = choices.map(each => (each.length === 1 ? each[0]!.dist : trans.__('All %1 packages', each.length)));
  const answer = await InputDialog.getItem({ title: trans.__('Which package?'), items });
  return answer.button.accept ? (choices[items.indexOf(answer.value ?? '')] ?? null) : null;
}

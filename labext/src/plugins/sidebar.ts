/** Puts the environments into the left sidebar, and tells the model which notebook is active. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands/ids';
import { ActiveKernel } from '../models/activeKernel';
import { Measuring } from '../models/measuring';
import { SuggestionsModel } from '../models/suggestions';
import type { IEnvironment } from '../services/environments/interfaces';
import { IEnvironmentsManager } from '../tokens';
import { SidebarPanel } from '../widgets/sidebarPanel';
import type { ISidebarActions } from '../widgets/sidebarView';

export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:sidebar',
  description: 'The list of environments in the left sidebar.',
  autoStart: true,
  requires: [IEnvironmentsManager],
  optional: [INotebookTracker, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentsManager,
    notebooks: INotebookTracker | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const isWatched = (): boolean => panel.isVisible && !document.hidden;
    const measuring = new Measuring(manager.environments, manager.api.environments, isWatched);
    const panel: SidebarPanel = new SidebarPanel({
      model: manager.sidebar,
      jobs: manager.jobs,
      allowance: manager.allowance,
      suggestions: new SuggestionsModel(manager.api.catalogue),
      actions: actionsOf(app, manager),
      onShow: () => {
        measuring.wake();
        manager.allowance.look();
      },
      trans
    });
    app.shell.add(panel, 'left', { rank: 450, type: 'Environments' });
    restorer?.add(panel, panel.id);
    app.commands.addCommand(CommandIDs.showSidebar, {
      label: trans.__('Show Environments'),
      execute: () => app.shell.activateById(panel.id)
    });
    keepPlace(app, panel.node);
    if (notebooks) {
      new ActiveKernel(notebooks, app.serviceManager.kernelspecs, manager.environments);
    }
  }
};

/** A menu that was opened on a row and is closed again leaves the focus nowhere: who walks by keys goes on at the row. */
function keepPlace(app: JupyterFrontEnd, node: HTMLElement): void {
  let opener: HTMLElement | null = null;
  document.addEventListener(
    'contextmenu',
    ({ target }) => {
      const row = target instanceof Element && node.contains(target) ? target.closest<HTMLElement>('[data-envs-id]') : null;
      opener = row;
    },
    true
  );
  app.contextMenu.menu.aboutToClose.connect(() => {
    const row = opener;
    opener = null;
    requestAnimationFrame(() => {
      if (row?.isConnected && (document.activeElement === document.body || document.activeElement === null)) {
        row.focus();
      }
    });
  });
}

/** Everything that the sidebar does is a command, so that the palette, menus and other extensions do the same. */
function actionsOf(app: JupyterFrontEnd, manager: IEnvironmentsManager): ISidebarActions {
  const run = (command: string, args: ReadonlyPartialJSONObject = {}): void => {
    app.commands.execute(command, args).catch(error => console.warn(`${command} failed`, error));
  };
  const on = (command: string) => (environment: IEnvironment) => {
    if (app.commands.isEnabled(command, { id: environment.id })) {
      run(command, { id: environment.id });
    }
  };
  return {
    onSelect: environment => manager.sidebar.select(environment.id),
    onOpen: on(CommandIDs.open),
    onRename: on(CommandIDs.rename),
    onDelete: on(CommandIDs.delete),
    onCreate: () => run(CommandIDs.create),
    onRefresh: () => run(CommandIDs.refresh),
    onInstall: async (environment, specs) =>
      (await app.commands.execute(CommandIDs.install, { id: environment.id, specs: [...specs] })) !== null,
    onLog: job => run(CommandIDs.showLog, { job }),
    onCancel: job => run(CommandIDs.cancelJob, { job }),
    onAgain: job => run(CommandIDs.retryJob, { job })
  };
}

/** Opens the page of an environment in the main area, once per environment, and again after a reload. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, Dialog, MainAreaWidget, WidgetTracker, showDialog, showErrorMessage } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ITranslator, TranslationBundle, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands/ids';
import { environmentIcon } from '../icons';
import { PageModel, asTab } from '../models/page/page';
import { IEnvironmentsManager } from '../tokens';
import { PagePanel } from '../widgets/page/pagePanel';
import { PageWindow } from '../widgets/page/pageWindow';
import type { IPageActions } from '../widgets/page/pageView';

type Page = MainAreaWidget<PagePanel>;

export const pagePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:page',
  description: 'The page of an environment in the main area.',
  autoStart: true,
  requires: [IEnvironmentsManager],
  optional: [ILayoutRestorer, IDefaultFileBrowser, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentsManager,
    restorer: ILayoutRestorer | null,
    browser: IDefaultFileBrowser | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const tracker = new WidgetTracker<Page>({ namespace: 'jupyter-envs-page' });
    const open = async (id: string, tab: string | undefined): Promise<void> => {
      const found = tracker.find(page => page.content.model.id === id);
      const page = found ?? makePage(app, manager, id, makeActions(app, browser, trans), trans);
      if (tab !== undefined || !found) {
        page.content.model.setTab(asTab(tab));
      }
      if (!found) {
        await tracker.add(page);
        page.content.model.changed.connect(() => void tracker.save(page));
      }
      show(app, page, trans);
    };
    app.commands.addCommand(CommandIDs.open, {
      label: trans.__('Open environment'),
      caption: trans.__('Packages, history, health and kernels of an environment'),
      describedBy: { args: { type: 'object', properties: { id: { type: 'string' }, tab: { type: 'string' } } } },
      execute: async args => {
        const id = typeof args['id'] === 'string' ? args['id'] : manager.environments.active?.id;
        if (id) {
          await open(id, typeof args['tab'] === 'string' ? args['tab'] : undefined);
        }
      }
    });
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.open,
        args: page => ({ id: page.content.model.id, tab: page.content.model.tab }),
        name: page => page.content.model.id
      });
    }
  }
};

function makePage(
  app: JupyterFrontEnd,
  manager: IEnvironmentsManager,
  id: string,
  actions: Omit<IPageActions, 'close'>,
  trans: TranslationBundle
): Page {
  const model = new PageModel(manager, id, () => {
    void manager.environments.refresh();
    app.serviceManager.kernelspecs.refreshSpecs().catch(error => console.warn('Kernels could not be read again', error));
  });
  const close = (): void => page.dispose();
  const content = new PagePanel({ model, jobs: manager.jobs, actions: { ...actions, close }, trans });
  const page: Page = new MainAreaWidget({ content });
  page.id = `jp-envs-page-${id}`;
  page.toolbar.hide(); // what is done with the environment stands in the page's own head
  page.title.icon = environmentIcon;
  page.title.closable = true;
  const retitle = (): void => {
    page.title.label = model.environment?.name ?? trans.__('Environment');
    page.title.caption = model.environment?.path ?? '';
  };
  model.changed.connect(retitle);
  retitle();
  return page;
}

/** Show the page in the main area; where there is no room for it there (in Notebook 7), over the whole window. */
function show(app: JupyterFrontEnd, page: Page, trans: TranslationBundle): void {
  if (!page.isAttached) {
    app.shell.add(page, 'main', { type: 'Environment' });
  }
  if (page.isAttached) {
    app.shell.activateById(page.id);
  } else {
    new PageWindow(page, app.shell.node, trans).open();
  }
}

function makeActions(
  app: JupyterFrontEnd,
  browser: IDefaultFileBrowser | null,
  trans: TranslationBundle
): Omit<IPageActions, 'close'> {
  const execute = (command: string, args: Readonly<Record<string, string>>): void =>
    void app.commands
      .execute(command, args)
      .catch((error: unknown) => void showErrorMessage(trans.__('This did not work'), String(error)));
  return {
    newNotebook: id => execute(CommandIDs.newNotebook, { id }),
    rename: id => execute(CommandIDs.rename, { id }),
    clone: id => execute(CommandIDs.clone, { id }),
    remove: id => execute(CommandIDs.delete, { id }),
    copy: text => Clipboard.copyToSystem(text),
    folder: () => browser?.model.path ?? '',
    save: browser && ((filename, text) => save(app, PathExt.join(browser.model.path, filename), text, trans)),
    cancel: job => execute(CommandIDs.cancelJob, { job }),
    showLog: job => execute(CommandIDs.showLog, { job })
  };
}

/** Save a text as a file, after a question where there is one of that name, and open it. */
async function save(app: JupyterFrontEnd, path: string, text: string, trans: TranslationBundle): Promise<void> {
  const { contents } = app.serviceManager;
  const exists = await contents.get(path, { content: false }).then(
    () => true,
    () => false
  );
  if (exists) {
    const answer = await showDialog({
      title: trans.__('Replace %1?', path),
      body: trans.__('There is a file of this name already.'),
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Replace') })]
    });
    if (!answer.button.accept) {
      return;
    }
  }
  try {
    await contents.save(path, { type: 'file', format: 'text', content: text });
    await app.commands.execute('docmanager:open', { path });
  } catch (error) {
    await showErrorMessage(trans.__('%1 could not be saved', path), error instanceof Error ? error : String(error));
  }
}

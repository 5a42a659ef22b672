/** Tells of environments that were published for everybody on the Hub since the last look. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator, TranslationBundle, nullTranslator } from '@jupyterlab/translation';
import { Poll } from '@lumino/polling';

import { CommandIDs } from '../commands/ids';
import { same } from '../models/base';
import { Coalesced } from '../models/coalesced';
import { PublishedBefore, sharedOf } from '../models/published';
import type { ISharedEnvironment } from '../services/shared/interfaces';
import { IEnvironmentsManager } from '../tokens';

/** A switch is seen in the list of environments; this is for what that does not show. Each look is one of the Hub's service. */
const LOOK_MS = 600_000;
const SHOWN_MS = 20_000;

export const sharedPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:shared',
  description: 'A notice when a shared environment of the JupyterHub has a new generation.',
  autoStart: true,
  requires: [IEnvironmentsManager],
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, manager: IEnvironmentsManager, translator: ITranslator | null): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const { environments } = manager;
    const before = new PublishedBefore(
      window.localStorage,
      `jupyter-envs:published:${app.serviceManager.serverSettings.baseUrl}`
    );
    // One look at a time, and one after a switch that is seen meanwhile: a poll drops what it is asked for while it runs.
    const looking = new Coalesced(async () => {
      const published = await manager.api.shared.published();
      if (published === null) {
        environments.changed.disconnect(lookAfterSwitch);
        poll.dispose();
        return;
      }
      before.news(published).forEach(one => tell(app, manager, one, trans));
    });
    const poll = new Poll({
      factory: () => looking.run(),
      frequency: { interval: LOOK_MS, backoff: true, max: 3 * LOOK_MS },
      name: 'jupyter-envs:shared',
      standby: 'when-hidden',
      auto: false
    });
    let seen = environments.environments && sharedOf(environments.environments);
    const lookAfterSwitch = (): void => {
      const shared = environments.environments && sharedOf(environments.environments);
      if (seen && !same(shared, seen)) {
        looking.run().catch(error => console.warn('What is published was not read', error));
      }
      seen = shared;
    };
    void app.restored.then(() => {
      environments.changed.connect(lookAfterSwitch);
      return poll.start();
    });
  }
};

function tell(app: JupyterFrontEnd, manager: IEnvironmentsManager, one: ISharedEnvironment, trans: TranslationBundle): void {
  const text = trans.__(
    'The shared environment %1 is published in generation %2. New kernels use it, those that run keep theirs.',
    one.name,
    String(one.generation)
  );
  const show = (): void => {
    const found = sharedOf(manager.environments.environments ?? []).find(({ name }) => name === one.name);
    const shown = found ? app.commands.execute(CommandIDs.open, { id: found.id }) : app.commands.execute(CommandIDs.showSidebar);
    shown.catch(error => console.warn('The shared environment was not shown', error));
  };
  Notification.info(text, {
    autoClose: SHOWN_MS,
    actions: [{ label: trans.__('Show it'), callback: show, displayType: 'link' }]
  });
}

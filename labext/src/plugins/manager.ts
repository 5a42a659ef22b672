/** Makes the shared models and keeps them, and the launcher's kernels, in line with the server's events. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Poll } from '@lumino/polling';

import { AllowanceModel } from '../models/allowance';
import { Coalesced } from '../models/coalesced';
import { EnvironmentsModel } from '../models/environments';
import { Reading, readingsAfter } from '../models/events';
import { JobsModel } from '../models/jobs';
import { SettingsModel } from '../models/settings';
import { SidebarModel } from '../models/sidebar';
import { WatchedJobs } from '../models/watched';
import { makeApi } from '../services';
import { IEnvironmentsManager } from '../tokens';

const ID = 'jupyter-envs:manager';
/** Events have no replay: after a lost connection the lists are right again within this time. */
const LOOK_AGAIN_MS = 30_000;
const MOST_WAIT_MS = 300_000;

export const managerPlugin: JupyterFrontEndPlugin<IEnvironmentsManager> = {
  id: ID,
  description: 'Environments and the jobs that change them.',
  autoStart: true,
  provides: IEnvironmentsManager,
  optional: [ISettingRegistry],
  activate: (app: JupyterFrontEnd, registry: ISettingRegistry | null): IEnvironmentsManager => {
    const api = makeApi(app.serviceManager.serverSettings);
    const environments = new EnvironmentsModel(api.environments);
    const jobs = new JobsModel(api.jobs, new WatchedJobs(window.sessionStorage));
    const settings = new SettingsModel();
    const sidebar = new SidebarModel(environments, settings);
    follow(app, environments, jobs);
    void readSettings(registry, settings);
    const allowance = new AllowanceModel(api.policy, jobs);
    return { api, environments, jobs, allowance, settings, sidebar };
  }
};

/** An event is a hint only (anybody with a token can send one): what is true is read from the server. */
function follow(app: JupyterFrontEnd, environments: EnvironmentsModel, jobs: JobsModel): void {
  const { serviceManager } = app;
  const kernels = new Coalesced(() => serviceManager.kernelspecs.refreshSpecs());
  const read: Record<Reading, () => Promise<void>> = {
    jobs: () => jobs.refresh(),
    environments: () => environments.refresh(),
    kernels: () => kernels.run()
  };
  const readAgain = (readings: readonly Reading[]): void => {
    Promise.all(readings.map(reading => read[reading]())).catch(error => console.warn('Not read again', error));
  };
  // Without waiting for the event, which may have been lost with the connection.
  jobs.ended.connect((_, job) => readAgain(job.kind === 'plan' ? [] : ['environments', 'kernels']));
  serviceManager.events.stream.connect((_, event) => readAgain(readingsAfter(event)));
  const poll = new Poll({
    auto: false,
    name: ID,
    factory: () => Promise.all([environments.refresh(), jobs.refresh()]),
    frequency: { interval: LOOK_AGAIN_MS, backoff: true, max: MOST_WAIT_MS },
    standby: 'when-hidden'
  });
  // The first answer may tell an ended job: whoever tells people of it must listen by then.
  void app.started.then(() => poll.start());
}

async function readSettings(registry: ISettingRegistry | null, model: SettingsModel): Promise<void> {
  try {
    const settings = await registry?.load(ID);
    const take = (): void => settings && model.take(settings.composite);
    settings?.changed.connect(take);
    take();
  } catch (error) {
    console.warn('The settings of jupyter-envs could not be read; the defaults hold', error);
  }
}

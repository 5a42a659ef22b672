/** Makes the shared models and keeps them, and the launcher's kernels, in line with the server's events. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Poll } from '@lumino/polling';

import { EnvironmentsModel } from '../models/environments';
import { JobsModel } from '../models/jobs';
import { SettingsModel } from '../models/settings';
import { SidebarModel } from '../models/sidebar';
import { WatchedJobs } from '../models/watched';
import { makeApi } from '../services';
import { IEnvironmentsManager } from '../tokens';

const ID = 'jupyter-envs:manager';
const JOB_SCHEMA = 'https://events.jupyter.org/jupyter_envs/job/v1';
const ENVIRONMENT_SCHEMA = 'https://events.jupyter.org/jupyter_envs/environment/v1';
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
    return { api, environments, jobs, settings, sidebar };
  }
};

/** An event is a hint only (anybody with a token can send one): what is true is read from the server. */
function follow(app: JupyterFrontEnd, environments: EnvironmentsModel, jobs: JobsModel): void {
  const { serviceManager } = app;
  const changed = (): void => {
    void environments.refresh();
    serviceManager.kernelspecs.refreshSpecs().catch(error => console.warn('Kernels could not be read again', error));
  };
  jobs.ended.connect((_, job) => {
    if (job.kind !== 'plan') {
      changed();
    }
  });
  serviceManager.events.stream.connect((_, event) => {
    if (event.schema_id === JOB_SCHEMA) {
      void jobs.refresh();
    } else if (event.schema_id === ENVIRONMENT_SCHEMA) {
      changed();
    }
  });
  new Poll({
    name: ID,
    factory: () => Promise.all([environments.refresh(), jobs.refresh()]),
    frequency: { interval: LOOK_AGAIN_MS, backoff: true, max: MOST_WAIT_MS },
    standby: 'when-hidden'
  });
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

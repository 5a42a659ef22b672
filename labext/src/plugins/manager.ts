/** Makes the shared models and keeps them, and the launcher's kernels, in line with the server's events. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { EnvironmentsModel } from '../models/environments';
import { JobsModel } from '../models/jobs';
import { makeApi } from '../services';
import { IEnvironmentsManager } from '../tokens';

const JOB_SCHEMA = 'https://events.jupyter.org/jupyter_envs/job/v1';
const ENVIRONMENT_SCHEMA = 'https://events.jupyter.org/jupyter_envs/environment/v1';

export const managerPlugin: JupyterFrontEndPlugin<IEnvironmentsManager> = {
  id: 'jupyter-envs:manager',
  description: 'Environments and the jobs that change them.',
  autoStart: true,
  provides: IEnvironmentsManager,
  activate: (app: JupyterFrontEnd): IEnvironmentsManager => {
    const { serviceManager } = app;
    const api = makeApi(serviceManager.serverSettings);
    const environments = new EnvironmentsModel(api.environments);
    const jobs = new JobsModel(api.jobs);
    const changed = (): void => {
      void environments.refresh();
      serviceManager.kernelspecs.refreshSpecs().catch(error => console.warn('Kernels could not be read again', error));
    };
    jobs.ended.connect((_, job) => {
      if (job.kind !== 'plan') {
        changed();
      }
    });
    // An event is a hint only (anybody with a token can send one): what is true is read from the server.
    serviceManager.events.stream.connect((_, event) => {
      if (event.schema_id === JOB_SCHEMA) {
        void jobs.refresh();
      } else if (event.schema_id === ENVIRONMENT_SCHEMA) {
        changed();
      }
    });
    void app.restored.then(() => Promise.all([environments.refresh(), jobs.refresh()]));
    return { api, environments, jobs };
  }
};

/** All resources of the server extension, over one connection. */

import type { ServerConnection } from '@jupyterlab/services';

import { BuildsApi } from './builds/restapi';
import type { IBuildsApi } from './builds/interfaces';
import { CatalogueApi } from './catalogue/restapi';
import type { ICatalogueApi } from './catalogue/interfaces';
import { Connection } from './connection';
import { EnvironmentsApi } from './environments/restapi';
import type { IEnvironmentsApi } from './environments/interfaces';
import { JobsApi } from './jobs/restapi';
import type { IJobsApi } from './jobs/interfaces';
import { NotebooksApi } from './notebooks/restapi';
import type { INotebooksApi } from './notebooks/interfaces';
import { PlansApi } from './plans/restapi';
import type { IPlansApi } from './plans/interfaces';
import { PolicyApi } from './policy/restapi';
import type { IPolicyApi } from './policy/interfaces';
import { SharedApi } from './shared/restapi';
import type { ISharedApi } from './shared/interfaces';

/** The server extension's resources. */
export interface IApi {
  readonly environments: IEnvironmentsApi;
  readonly plans: IPlansApi;
  readonly jobs: IJobsApi;
  readonly catalogue: ICatalogueApi;
  readonly notebooks: INotebooksApi;
  readonly builds: IBuildsApi;
  readonly shared: ISharedApi;
  readonly policy: IPolicyApi;
}

/** Make the resources over HTTP. */
export function makeApi(settings: ServerConnection.ISettings): IApi {
  const connection = new Connection(settings);
  return {
    environments: new EnvironmentsApi(connection),
    plans: new PlansApi(connection),
    jobs: new JobsApi(connection),
    catalogue: new CatalogueApi(connection),
    notebooks: new NotebooksApi(connection),
    builds: new BuildsApi(connection),
    shared: new SharedApi(connection),
    policy: new PolicyApi(connection)
  };
}

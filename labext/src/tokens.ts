/** What plugins give each other. */

import { Token } from '@lumino/coreutils';

import type { EnvironmentsModel } from './models/environments';
import type { JobsModel } from './models/jobs';
import type { IApi } from './services';

/** The models that all parts of the extension share. */
export interface IEnvironmentsManager {
  readonly api: IApi;
  readonly environments: EnvironmentsModel;
  readonly jobs: JobsModel;
}

export const IEnvironmentsManager = new Token<IEnvironmentsManager>(
  'jupyter-envs:IEnvironmentsManager',
  'Environments and the jobs that change them.'
);

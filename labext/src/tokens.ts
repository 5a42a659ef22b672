/** What plugins give each other. */

import type { ISessionContext } from '@jupyterlab/apputils';
import { Token } from '@lumino/coreutils';

import type { AllowanceModel } from './models/allowance';
import type { EnvironmentsModel } from './models/environments';
import type { JobsModel } from './models/jobs';
import type { INotebookKernel } from './models/notebook/kernel';
import type { SettingsModel } from './models/settings';
import type { SidebarModel } from './models/sidebar';
import type { IApi } from './services';

/** The models that all parts of the extension share. */
export interface IEnvironmentsManager {
  readonly api: IApi;
  readonly environments: EnvironmentsModel;
  readonly jobs: JobsModel;
  /** What the administrator allows. */
  readonly allowance: AllowanceModel;
  readonly settings: SettingsModel;
  /** What the sidebar shows, and the row that commands without an id are for. */
  readonly sidebar: SidebarModel;
}

export const IEnvironmentsManager = new Token<IEnvironmentsManager>(
  'jupyter-envs:IEnvironmentsManager',
  'Environments and the jobs that change them.'
);

/** The kernels of open notebooks. */
export interface INotebookKernels {
  /** The kernel of a session; the same object for the same session. */
  of(context: ISessionContext): INotebookKernel;
}

export const INotebookKernels = new Token<INotebookKernels>(
  'jupyter-envs:INotebookKernels',
  'The kernels of open notebooks, and where they run.'
);

/**
 * The ids of all commands of this extension, and what they take. Who wants something done that another part does
 * executes its command through `app.commands`; no part imports another's plugin.
 */

import type { IChangeRequest } from '../services/plans/interfaces';

export const CommandIDs = {
  /** Open the page of an environment. Takes `IOpenArgs`; without `id`, the active notebook's environment. */
  open: 'jupyter-envs:open',
  /** Make an environment in a dialog. Takes `ICreateArgs`; resolves with the ended `IJob`, or `null` when given up. */
  create: 'jupyter-envs:create',
  /** Plan and install. Takes `IInstallArgs`; asks when there are no specs. Resolves with the ended `IJob` or `null`. */
  install: 'jupyter-envs:install',
  /** Plan a change in a dialog, then make it. Takes `IChangeArgs`; resolves with the ended `IJob` or `null`. */
  change: 'jupyter-envs:change',
  /** Take the last change of an environment back. Takes `IEnvironmentArgs`; resolves with the ended `IJob` or `null`. */
  undo: 'jupyter-envs:undo',
  /** Give an environment another name. Takes `IRenameArgs`; asks when there is none. */
  rename: 'jupyter-envs:rename',
  /** Make a copy of an environment. Takes `IEnvironmentArgs`; resolves with the ended `IJob` or `null`. */
  clone: 'jupyter-envs:clone',
  /** Delete an environment after a question that says what it frees. Takes `IEnvironmentArgs`. */
  delete: 'jupyter-envs:delete',
  /** Show an environment as the text of a file, to save or copy. Takes `IEnvironmentArgs`. */
  export: 'jupyter-envs:export',
  /** Open a notebook with the environment's kernel. Takes `IEnvironmentArgs`. */
  newNotebook: 'jupyter-envs:new-notebook',
  /** Put the environment's path on the clipboard. Takes `IEnvironmentArgs`. */
  copyPath: 'jupyter-envs:copy-path',
  /** Make an environment from the file that is selected in the file browser. */
  createFromFile: 'jupyter-envs:create-from-file',
  /** Build the recipe that is selected in the file browser. Resolves with the `IJob` that does, or `null`. */
  buildRecipe: 'jupyter-envs:build-recipe',
  /** Build the recipe of a build of this tab once more, whatever is there. Takes `IJobArgs`; resolves as `buildRecipe` does. */
  rebuild: 'jupyter-envs:rebuild',
  /** Install packages of a build into an environment that is asked for, or a new one. Takes `IJobArgs`; resolves as `change` does. */
  installBuilt: 'jupyter-envs:install-built',
  /** Write the environment of the active notebook's kernel into the notebook. */
  lockNotebook: 'jupyter-envs:lock-notebook',
  /** Read environments, jobs and kernels again. */
  refresh: 'jupyter-envs:refresh',
  /** Show the sidebar. */
  showSidebar: 'jupyter-envs:show-sidebar',
  /** Show the jobs, live and past. */
  showJobs: 'jupyter-envs:show-jobs',
  /** Show the log of a job. Takes `IJobArgs`. */
  showLog: 'jupyter-envs:show-log',
  /** Plan again what a job did not do, or show the fixes of its conflict. Takes `IJobArgs`. */
  retryJob: 'jupyter-envs:retry-job',
  /** Ask a job to stop. Takes `IJobArgs`. */
  cancelJob: 'jupyter-envs:cancel-job'
} as const;

/** The environment that a command is for; without `id`, the row under the pointer, then the active notebook's. */
export interface IEnvironmentArgs {
  readonly id?: string;
}

export interface IOpenArgs extends IEnvironmentArgs {
  readonly tab?: string;
}

export interface ICreateArgs {
  readonly name?: string;
  readonly specs?: readonly string[];
  readonly channels?: readonly string[];
  readonly file?: { readonly name: string; readonly text: string };
  /** The id of the environment to copy. */
  readonly clone_from?: string;
}

export interface IInstallArgs extends IEnvironmentArgs {
  readonly specs?: readonly string[];
}

export interface IRenameArgs extends IEnvironmentArgs {
  readonly name?: string;
}

export interface IChangeArgs {
  readonly request: IChangeRequest;
}

export interface IJobArgs {
  readonly job: string;
}

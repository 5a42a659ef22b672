/** Notebooks that carry their environment. */

import type { IJob } from '../jobs/interfaces';
import type { IPackageChange } from '../plans/interfaces';

/** A notebook as it stands on the screen; `path` is its place below the server's root. */
export interface INotebookContent {
  readonly content: unknown;
  readonly path: string;
}

/**
 * - `ready`: an environment has all that the notebook needs
 * - `build`: exactly what is locked can be built
 * - `solve`: what was asked for has to be solved for here
 * - `none`: it says nothing of an environment
 */
export type NotebookState = 'ready' | 'build' | 'solve' | 'none';

/** What is to be shown of a notebook's environment. */
export interface INotebookAnswer {
  readonly state: NotebookState;
  /** The id of the environment that has it all. */
  readonly environment: string | null;
  readonly prefix: string;
  /** The kernel to choose; empty when none is registered. */
  readonly kernel: string;
  /** What a new environment would be called. */
  readonly name: string;
  /** Why the lock cannot be taken as it is. */
  readonly because: string;
  readonly requested: readonly string[];
  readonly channels: readonly string[] | null;
  /** How many locked packages come from where. */
  readonly origins: Readonly<Record<string, number>>;
  readonly download_bytes: number;
  /** The servers that locked packages would be downloaded from. */
  readonly hosts: readonly string[];
  /** Kinds of sources that the settings do not allow. */
  readonly refused: readonly string[];
  /**
   * The channels that the settings do not name, by what names them: the empty key is the notebook itself, others are
   * files of `beside`. Nothing is planned before a person agreed to them.
   */
  readonly foreign: Readonly<Record<string, readonly string[]>>;
  /** Files that describe an environment, as seen from the notebook's folder. */
  readonly beside: readonly string[];
}

/** A lock, to be written into a notebook's metadata under `key`. */
export interface INotebookLock {
  readonly key: string;
  readonly lock: unknown;
  readonly subdir: string;
  readonly packages: number;
}

/** What a plan of a notebook's environment is, beside the notebook's lock and one's own settings. */
export interface INotebookDifference {
  /** The versions that are others than those that were locked. */
  readonly changes: readonly IPackageChange[];
  /** The servers of wheels to download that the settings know nothing of. */
  readonly foreign_hosts: readonly string[];
}

/** The notebooks resource. */
export interface INotebooksApi {
  ask(notebook: INotebookContent): Promise<INotebookAnswer>;
  /**
   * Plan its environment, or that of a file beside it (a path below the server's root); `channels` are the foreign ones
   * that a person agreed to.
   */
  plan(notebook: INotebookContent, file: string, channels: readonly string[]): Promise<IJob>;
  /** How a planned environment differs from what was locked, and from where it is. */
  difference(notebook: INotebookContent, planId: string): Promise<INotebookDifference>;
  lock(content: unknown, environment: string): Promise<INotebookLock>;
}

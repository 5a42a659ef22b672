/** Recipes of packages, and building them. */

import type { IJob } from '../jobs/interfaces';

/** The recipes and builds resources; paths are as the file browser shows them. */
export interface IBuildsApi {
  /** The names of the folders in a folder that hold a recipe. */
  recipeFolders(folder: string): Promise<readonly string[]>;
  /** Build a recipe's folder or file, with `force` also what is there; one that is not in order is refused with its line. */
  build(recipe: string, force: boolean): Promise<IJob>;
}

/** Where in a file something is wrong; lines count from 1. */
export interface IPlaceInFile {
  readonly file: string;
  readonly line: number;
}

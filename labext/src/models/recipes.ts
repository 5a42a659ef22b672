/** Which folders of the file browser hold a recipe: asked once for each listing, so that a menu knows it at once. */

import { PathExt } from '@jupyterlab/coreutils';

import type { IBuildsApi } from '../services/builds/interfaces';

const RECIPE = /^(meta|recipe)\.yaml$/;

/** The recipe folders of the folder that is shown. */
export class RecipesModel {
  constructor(private readonly _api: IBuildsApi) {}

  /** Read again for a folder; a server that does not answer leaves no folder with a recipe. */
  async look(folder: string): Promise<void> {
    this._wanted = folder;
    const found = await this._api.recipeFolders(folder).catch(() => []);
    if (this._wanted === folder) {
      this._paths = new Set(found.map(name => PathExt.join(folder, name)));
    }
  }

  /** Whether an item of the file browser can be built: a recipe, or a folder that holds one. */
  isRecipe(item: { readonly path: string; readonly type: string }): boolean {
    return item.type === 'directory' ? this._paths.has(item.path) : RECIPE.test(PathExt.basename(item.path));
  }

  private _wanted = '';
  private _paths: ReadonlySet<string> = new Set();
}

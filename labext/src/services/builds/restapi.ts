/** The recipes and builds resources over HTTP. */

import type { Connection } from '../connection';
import { Fields } from '../fields';
import type { IJob } from '../jobs/interfaces';
import { readJobAnswer } from '../jobs/validate';
import type { IBuildsApi } from './interfaces';

/** Asks the server extension about recipes, and to build them. */
export class BuildsApi implements IBuildsApi {
  constructor(private readonly _connection: Connection) {}

  async recipeFolders(folder: string): Promise<readonly string[]> {
    const answer = await this._connection.send('GET', ['recipes'], { query: { folder } });
    return new Fields(answer, 'answer').texts('folders');
  }

  async build(recipe: string, force: boolean): Promise<IJob> {
    return readJobAnswer(await this._connection.send('POST', ['builds'], { body: { recipe, force } }));
  }
}

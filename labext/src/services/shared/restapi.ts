/** The shared resource over HTTP. */

import type { Connection } from '../connection';
import type { ISharedApi, ISharedEnvironment } from './interfaces';
import { readPublished } from './validate';

/** Asks the server extension what the Hub's service publishes. */
export class SharedApi implements ISharedApi {
  constructor(private readonly _connection: Connection) {}

  async published(): Promise<readonly ISharedEnvironment[] | null> {
    return readPublished(await this._connection.send('GET', ['shared']));
  }
}

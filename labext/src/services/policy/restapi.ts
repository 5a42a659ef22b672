/** The policy resource over HTTP. */

import type { Connection } from '../connection';
import type { IAllowance, IPolicyApi } from './interfaces';
import { readAllowance } from './validate';

/** Asks the server extension what is allowed. */
export class PolicyApi implements IPolicyApi {
  constructor(private readonly _connection: Connection) {}

  async allowance(): Promise<IAllowance | null> {
    return readAllowance(await this._connection.send('GET', ['policy']));
  }
}

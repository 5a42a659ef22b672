/** The plans and changes resources over HTTP. */

import type { Connection } from '../connection';
import type { IJob } from '../jobs/interfaces';
import { readJobAnswer } from '../jobs/validate';
import type { IChangeRequest, IPlan, IPlansApi } from './interfaces';
import { readPlanAnswer } from './validate';

/** Asks the server extension to plan and to change. */
export class PlansApi implements IPlansApi {
  constructor(private readonly _connection: Connection) {}

  async plan(request: IChangeRequest): Promise<IJob> {
    return readJobAnswer(await this._connection.send('POST', ['plans'], { body: request }));
  }

  async get(planId: string): Promise<IPlan> {
    return readPlanAnswer(await this._connection.send('GET', ['plans', planId]));
  }

  async execute(planId: string, knownScripts = false): Promise<IJob> {
    const body = { known_scripts: knownScripts };
    return readJobAnswer(await this._connection.send('POST', ['plans', planId, 'execute'], { body }));
  }

  async change(request: IChangeRequest): Promise<IJob> {
    return readJobAnswer(await this._connection.send('POST', ['changes'], { body: request }));
  }
}

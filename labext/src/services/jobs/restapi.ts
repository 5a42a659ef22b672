/** The jobs resource over HTTP. */

import type { Connection } from '../connection';
import { Fields } from '../fields';
import type { IJob, IJobNews, IJobsApi, ILogPiece } from './interfaces';
import { readJob, readJobAnswer, readLog, readNews } from './validate';

const ROOT = 'jobs';

/** Asks the server extension about jobs. */
export class JobsApi implements IJobsApi {
  constructor(private readonly _connection: Connection) {}

  async list(limit: number): Promise<IJob[]> {
    const answer = await this._connection.send('GET', [ROOT], { query: { limit } });
    return new Fields(answer, 'answer').list('jobs', readJob);
  }

  async cancel(id: string): Promise<IJob> {
    return readJobAnswer(await this._connection.send('DELETE', [ROOT, id]));
  }

  async news(id: string, since: number): Promise<IJobNews> {
    return readNews(await this._connection.send('GET', [ROOT, id, 'events'], { query: { since } }));
  }

  async log(id: string, since: number): Promise<ILogPiece> {
    return readLog(await this._connection.send('GET', [ROOT, id, 'log'], { query: { since } }));
  }
}

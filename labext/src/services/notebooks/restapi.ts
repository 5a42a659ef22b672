/** The notebooks resource over HTTP. */

import type { Connection } from '../connection';
import type { IJob } from '../jobs/interfaces';
import { readJobAnswer } from '../jobs/validate';
import type { INotebookAnswer, INotebookContent, INotebookDifference, INotebookLock, INotebooksApi } from './interfaces';
import { readNotebookAnswer, readNotebookDifference, readNotebookLock } from './validate';

const ROOT = 'notebooks';

/** Asks the server extension about notebooks. */
export class NotebooksApi implements INotebooksApi {
  constructor(private readonly _connection: Connection) {}

  async ask(notebook: INotebookContent): Promise<INotebookAnswer> {
    return readNotebookAnswer(await this._send('answer', { ...notebook }));
  }

  async plan(notebook: INotebookContent, file: string, channels: readonly string[]): Promise<IJob> {
    return readJobAnswer(await this._send('plans', { ...notebook, file, channels }));
  }

  async difference(notebook: INotebookContent, planId: string): Promise<INotebookDifference> {
    return readNotebookDifference(await this._send('difference', { ...notebook, plan_id: planId }));
  }

  async lock(content: unknown, environment: string): Promise<INotebookLock> {
    return readNotebookLock(await this._send('lock', { content, environment }));
  }

  private _send(what: string, body: object): Promise<unknown> {
    return this._connection.send('POST', [ROOT, what], { body });
  }
}

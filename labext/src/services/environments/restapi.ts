/** The environments resource over HTTP. */

import type { Connection } from '../connection';
import { Fields } from '../fields';
import type { IJob } from '../jobs/interfaces';
import { readJobAnswer } from '../jobs/validate';
import type {
  ExportFormat,
  IDiskUsage,
  IEnvironment,
  IEnvironmentDetails,
  IEnvironmentsApi,
  IExport,
  IFinding,
  IHistory,
  IPackage
} from './interfaces';
import {
  readChains,
  readDetails,
  readDiskUsage,
  readEnvironment,
  readExport,
  readFindings,
  readHistory,
  readPackage
} from './validate';

const ROOT = 'environments';

/** Asks the server extension about environments. */
export class EnvironmentsApi implements IEnvironmentsApi {
  constructor(private readonly _connection: Connection) {}

  async list(): Promise<IEnvironment[]> {
    const answer = await this._connection.send('GET', [ROOT]);
    return new Fields(answer, 'answer').list('environments', readEnvironment);
  }

  async get(id: string): Promise<IEnvironmentDetails> {
    return readDetails(await this._connection.send('GET', [ROOT, id]));
  }

  async rename(id: string, name: string): Promise<IJob> {
    return readJobAnswer(await this._connection.send('PATCH', [ROOT, id], { body: { name } }));
  }

  async remove(id: string): Promise<IJob> {
    return readJobAnswer(await this._connection.send('DELETE', [ROOT, id]));
  }

  async packages(id: string): Promise<IPackage[]> {
    const answer = await this._connection.send('GET', [ROOT, id, 'packages']);
    return new Fields(answer, 'answer').list('packages', readPackage);
  }

  async why(id: string, name: string): Promise<string[][]> {
    return readChains(await this._connection.send('GET', [ROOT, id, 'packages', name, 'why']));
  }

  async history(id: string): Promise<IHistory> {
    return readHistory(await this._connection.send('GET', [ROOT, id, 'generations']));
  }

  async verify(id: string): Promise<IFinding[]> {
    return readFindings(await this._connection.send('GET', [ROOT, id, 'verify']));
  }

  async doctor(id: string): Promise<IFinding[]> {
    return readFindings(await this._connection.send('GET', [ROOT, id, 'doctor']));
  }

  async disk(id: string): Promise<IDiskUsage> {
    return readDiskUsage(await this._connection.send('GET', [ROOT, id, 'disk']));
  }

  async export(id: string, format: ExportFormat): Promise<IExport> {
    return readExport(await this._connection.send('GET', [ROOT, id, 'export'], { query: { format } }));
  }

  async registerKernels(id: string): Promise<void> {
    await this._connection.send('POST', [ROOT, id, 'kernels'], { body: {} });
  }

  async removeKernels(id: string): Promise<void> {
    await this._connection.send('DELETE', [ROOT, id, 'kernels']);
  }
}

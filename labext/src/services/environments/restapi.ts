/** The environments resource over HTTP. */

import type { Connection } from '../connection';
import { Fields } from '../fields';
import type { IJob } from '../jobs/interfaces';
import { readJob, readJobAnswer } from '../jobs/validate';
import type {
  ExportFormat,
  IDiskUsage,
  IEnvironment,
  IEnvironmentDetails,
  IEnvironmentsApi,
  IExport,
  IFinding,
  IFindingFix,
  IGenerationChange,
  IHistory,
  IKernels,
  IPackage,
  IStaleModule,
  IUpdates
} from './interfaces';
import {
  readChains,
  readComparison,
  readDetails,
  readDiskUsage,
  readEnvironment,
  readExport,
  readFindings,
  readHistory,
  readKernels,
  readPackage,
  readStaleModules,
  readUpdates
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

  async updates(id: string): Promise<IUpdates> {
    return readUpdates(await this._connection.send('GET', [ROOT, id, 'updates']));
  }

  async history(id: string): Promise<IHistory> {
    return readHistory(await this._connection.send('GET', [ROOT, id, 'generations']));
  }

  async compare(id: string, from: number, to: number): Promise<IGenerationChange[]> {
    const parts = [ROOT, id, 'generations', String(from), 'compare', String(to)];
    return readComparison(await this._connection.send('GET', parts));
  }

  async verify(id: string): Promise<IFinding[]> {
    return readFindings(await this._connection.send('GET', [ROOT, id, 'verify']));
  }

  async doctor(id: string): Promise<IFinding[]> {
    return readFindings(await this._connection.send('GET', [ROOT, id, 'doctor']));
  }

  async fix(id: string, fix: IFindingFix): Promise<IJob | null> {
    const answer = await this._connection.send('POST', [ROOT, id, 'fix'], { body: fix });
    return new Fields(answer, 'answer').maybe('job', readJob);
  }

  async disk(id: string): Promise<IDiskUsage> {
    return readDiskUsage(await this._connection.send('GET', [ROOT, id, 'disk']));
  }

  async staleModules(id: string, modules: readonly string[], since: number): Promise<IStaleModule[]> {
    return readStaleModules(await this._connection.send('POST', [ROOT, id, 'stale-modules'], { body: { modules, since } }));
  }

  async export(id: string, format: ExportFormat, exact = false): Promise<IExport> {
    const query = { format, exact: exact ? 'true' : undefined };
    return readExport(await this._connection.send('GET', [ROOT, id, 'export'], { query }));
  }

  async kernels(id: string): Promise<IKernels> {
    return readKernels(await this._connection.send('GET', [ROOT, id, 'kernels']));
  }

  async registerKernels(id: string): Promise<IKernels> {
    return readKernels(await this._connection.send('POST', [ROOT, id, 'kernels'], { body: {} }));
  }

  async removeKernels(id: string): Promise<void> {
    await this._connection.send('DELETE', [ROOT, id, 'kernels']);
  }
}

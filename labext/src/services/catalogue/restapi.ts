/** The search, packages, sources, modules and exchange resources over HTTP. */

import type { Connection } from '../connection';
import type { ICatalogueApi, IModuleOwner, IPackageVersions, IParsedFile, ISearchAnswer, ISources } from './interfaces';
import { readOwner, readPackageVersions, readParsed, readSearch, readSources } from './validate';

const LIMIT = 30;

/** Asks the server extension what can be installed. */
export class CatalogueApi implements ICatalogueApi {
  constructor(private readonly _connection: Connection) {}

  async search(text: string, environment: string | null): Promise<ISearchAnswer> {
    const query = { q: text, limit: LIMIT, environment: environment ?? undefined };
    return readSearch(await this._connection.send('GET', ['search'], { query }));
  }

  async package(name: string, source: string, environment: string | null): Promise<IPackageVersions> {
    const query = { source: source || undefined, environment: environment ?? undefined };
    return readPackageVersions(await this._connection.send('GET', ['packages', name], { query }));
  }

  async sources(): Promise<ISources> {
    return readSources(await this._connection.send('GET', ['sources']));
  }

  async ownerOf(module: string, environment: string | null): Promise<IModuleOwner> {
    const query = { environment: environment ?? undefined };
    return readOwner(await this._connection.send('GET', ['modules', module], { query }));
  }

  async parse(name: string, text: string): Promise<IParsedFile> {
    return readParsed(await this._connection.send('POST', ['exchange', 'parse'], { body: { name, text } }));
  }
}

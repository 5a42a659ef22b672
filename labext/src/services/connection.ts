/**
 * One HTTP request to the server extension. Owns the base path, JSON and the reading of refusals; knows no resource.
 */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { RequestError, readProblem } from './errors';

const BASE = 'envs/api/v1';

export type Verb = 'GET' | 'POST' | 'PATCH' | 'DELETE';
export type Query = Readonly<Record<string, string | number | undefined>>;

/** Sends requests to the server extension and gives the unknown JSON of its answers. */
export class Connection {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /**
   * Send a request.
   *
   * @param verb - the HTTP verb
   * @param parts - the path's segments; each is encoded
   * @param options - the query and the JSON body
   * @throws RequestError when the server refuses or cannot be reached
   */
  async send(verb: Verb, parts: readonly string[], options: { query?: Query; body?: unknown } = {}): Promise<unknown> {
    const path = parts.map(encodeURIComponent).join('/');
    const url = URLExt.join(this._settings.baseUrl, BASE, path) + queryText(options.query);
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const response = await this._request(url, { method: verb, body });
    const text = await response.text();
    const value = parse(text);
    if (!response.ok) {
      throw refusal(response.status, value, response.statusText);
    }
    return value;
  }

  private async _request(url: string, init: RequestInit): Promise<Response> {
    try {
      return await ServerConnection.makeRequest(url, init, this._settings);
    } catch {
      throw new RequestError(
        {
          code: 'unreachable',
          message: 'The Jupyter server does not answer',
          hint: 'Check that it is still running; changes that were started go on without the browser.',
          detail: null
        },
        0
      );
    }
  }
}

function queryText(query: Query = {}): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text}` : '';
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function refusal(status: number, value: unknown, statusText: string): RequestError {
  if (typeof value === 'object' && value !== null && 'error' in value) {
    return new RequestError(readProblem(value.error), status);
  }
  const message = messageOf(value) ?? `The server refused the request (${status} ${statusText})`;
  const hint = status === 404 ? 'Is the server extension jupyter_envs enabled?' : '';
  return new RequestError({ code: `http.${status}`, message, hint, detail: null }, status);
}

function messageOf(value: unknown): string | null {
  if (typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string') {
    return value.message || null;
  }
  return null;
}

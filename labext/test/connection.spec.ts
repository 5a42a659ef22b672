// @vitest-environment jsdom
import { ServerConnection } from '@jupyterlab/services';
import { beforeEach, describe, expect, it } from 'vitest';

import { Connection } from '../src/services/connection';

/** Behind JupyterHub: a base URL of the user's, a cookie and no token. */
function behindHub(answer: Response | Error): { sent: Request[]; connection: Connection } {
  const sent: Request[] = [];
  const fetch = (request: Request): Promise<Response> => {
    sent.push(request);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer.clone());
  };
  const settings = ServerConnection.makeSettings({
    baseUrl: 'https://hub.example/user/x/',
    token: '',
    fetch: fetch as typeof globalThis.fetch
  });
  return { sent, connection: new Connection(settings) };
}

beforeEach(() => {
  document.cookie = '_xsrf=abc';
});

describe('Connection', () => {
  it('asks below the base URL, with the XSRF cookie also when it only reads', async () => {
    const { sent, connection } = behindHub(Response.json({ environments: [] }));
    await connection.send('GET', ['environments']);
    await connection.send('GET', ['packages', 'a/b'], { query: { source: 'pypi', environment: undefined } });
    await connection.send('POST', ['changes'], { body: { action: 'create' } });
    expect(sent.map(request => new URL(request.url).pathname)).toEqual([
      '/user/x/envs/api/v1/environments',
      '/user/x/envs/api/v1/packages/a%2Fb',
      '/user/x/envs/api/v1/changes'
    ]);
    expect(new URL(sent[1]!.url).searchParams.get('source')).toBe('pypi');
    expect(sent.map(request => request.headers.get('X-XSRFToken'))).toEqual(['abc', 'abc', 'abc']);
    expect(sent.map(request => request.headers.get('Authorization'))).toEqual([null, null, null]);
    expect(await sent[2]!.json()).toEqual({ action: 'create' });
  });

  it('gives a refusal as the sentence of the server', async () => {
    const error = { code: 'http.403', message: "'_xsrf' argument missing", hint: 'log in again', detail: {} };
    const { connection } = behindHub(Response.json({ error }, { status: 403 }));
    await expect(connection.send('GET', ['environments'])).rejects.toMatchObject({ message: error.message, hint: 'log in again' });
  });

  it('says so when what answers is the login page of a hub, or nobody does', async () => {
    const page = behindHub(new Response('<html>', { status: 403, statusText: 'Forbidden' }));
    await expect(page.connection.send('GET', ['jobs'])).rejects.toThrow('403 Forbidden');
    const nobody = behindHub(new TypeError('failed to fetch'));
    await expect(nobody.connection.send('GET', ['jobs'])).rejects.toThrow('does not answer');
  });
});

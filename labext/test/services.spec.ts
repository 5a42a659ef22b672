import { describe, expect, it } from 'vitest';

import { CatalogueApi } from '../src/services/catalogue/restapi';
import type { Connection, Query, Verb } from '../src/services/connection';
import { EnvironmentsApi } from '../src/services/environments/restapi';
import { readJob } from '../src/services/jobs/validate';

/** A connection that keeps what was asked and answers what the test gives. */
class FakeConnection {
  constructor(private readonly _answer: unknown) {}

  asked: { verb: Verb; path: string; query?: Query; body?: unknown }[] = [];

  send(verb: Verb, parts: readonly string[], options: { query?: Query; body?: unknown } = {}): Promise<unknown> {
    this.asked.push({ verb, path: parts.join('/'), ...options });
    return Promise.resolve(this._answer);
  }
}

function connected(answer: unknown): { fake: FakeConnection; connection: Connection } {
  const fake = new FakeConnection(answer);
  return { fake, connection: fake as unknown as Connection };
}

describe('EnvironmentsApi', () => {
  it('compares two generations', async () => {
    const { fake, connection } = connected({
      changes: [{ name: 'numpy', kind: 'upgraded', before: '1.26', after: { version: '2.0' } }]
    });
    const changes = await new EnvironmentsApi(connection).compare('L2E', 1, 3);
    expect(fake.asked[0]).toMatchObject({ verb: 'GET', path: 'environments/L2E/generations/1/compare/3' });
    expect(changes).toEqual([{ name: 'numpy', kind: 'upgraded', before: '1.26', after: '2.0' }]);
  });

  it('tells a fix that is done from one that a job does', async () => {
    const done = connected({ fixed: true });
    expect(await new EnvironmentsApi(done.connection).fix('L2E', { action: 'kernels', specs: [] })).toBeNull();
    const working = connected({ job: { id: 'j1', kind: 'change', state: 'queued' } });
    const job = await new EnvironmentsApi(working.connection).fix('L2E', { action: 'install', specs: ['six'] });
    expect(job?.id).toBe('j1');
    expect(working.fake.asked[0]?.body).toEqual({ action: 'install', specs: ['six'] });
  });

  it('reads findings with what mends them', async () => {
    const { connection } = connected({
      findings: [
        { code: 'kernel.missing', severity: 'warning', message: 'no kernel', fix: { action: 'kernels', specs: [] } },
        { code: 'python.eol', severity: 'note', message: 'old', fix: null }
      ]
    });
    const findings = await new EnvironmentsApi(connection).doctor('L2E');
    expect(findings.map(finding => finding.fix?.action ?? null)).toEqual(['kernels', null]);
  });

  it('reads kernels, variables and updates', async () => {
    const kernels = connected({ kernels: [{ name: 'envs-a' }], variables: { A: '1' }, warnings: [] });
    expect(await new EnvironmentsApi(kernels.connection).kernels('L2E')).toMatchObject({
      kernels: [{ name: 'envs-a', display_name: 'envs-a' }],
      variables: { A: '1' }
    });
    const updates = connected({ updates: [{ name: 'a', installed: '1', newest: '2', source: 'conda' }], complete: false });
    expect(await new EnvironmentsApi(updates.connection).updates('L2E')).toMatchObject({ complete: false });
  });
});

describe('CatalogueApi', () => {
  it('reads a package with its versions', async () => {
    const { fake, connection } = connected({ name: 'six', summary: 'compat', versions: [{ version: '1.17', size: null }] });
    const found = await new CatalogueApi(connection).package('six', '', 'L2E');
    expect(fake.asked[0]?.query).toEqual({ source: undefined, environment: 'L2E' });
    expect(found).toMatchObject({ summary: 'compat', versions: [{ version: '1.17', size: 0, timestamp: null }] });
  });
});

describe('readJob', () => {
  const JOB = { id: 'j', kind: 'execute', state: 'failed' };

  it('reads what was asked for, so that it can be asked again as it was', () => {
    const request = { action: 'create', name: 'a', specs: ['six'], channels: ['main'], exclude_newer: '2026-01-01', add_ipykernel: false };
    expect(readJob({ ...JOB, request }).request).toMatchObject(request);
    expect(readJob({ ...JOB, request: { action: 'update', environment: 'x' } }).request).not.toHaveProperty('add_ipykernel');
    expect(readJob({ ...JOB, request: null }).request).toBeNull();
  });

  it('refuses an action that it does not know', () => {
    expect(() => readJob({ ...JOB, request: { action: 'explode' } })).toThrow('job.request.action');
  });
});

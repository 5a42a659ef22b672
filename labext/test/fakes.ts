/** Values and an in-memory server for the models' tests. */

import type { IEnvironment } from '../src/services/environments/interfaces';
import { RequestError } from '../src/services/errors';
import type { IJob, IJobEvent, IJobNews, IJobsApi, ILogPiece } from '../src/services/jobs/interfaces';

export function environment(values: Partial<IEnvironment> & { name: string }): IEnvironment {
  return {
    id: `id-${values.name}`,
    path: `/envs/${values.name}`,
    kind: 'own',
    python: '3.12.1',
    packages: 3,
    has_ipykernel: true,
    broken: false,
    frozen: false,
    external: false,
    busy: false,
    interrupted: false,
    active: false,
    writable: true,
    modified: 1,
    generation: 2,
    problem: '',
    kernels: [],
    job: null,
    size: null,
    ...values
  };
}

export function job(values: Partial<IJob> = {}): IJob {
  return {
    id: 'j1',
    kind: 'execute',
    state: 'running',
    action: 'install',
    environment: 'id-analysis',
    path: '/envs/analysis',
    name: 'analysis',
    command: 'jupyter envs install analysis pandas',
    created_at: 0,
    started_at: 0,
    ended_at: null,
    cancel_requested: false,
    request: null,
    error: null,
    result: null,
    ...values
  };
}

export function event(values: Partial<IJobEvent>): IJobEvent {
  return {
    seq: 1,
    time: 0,
    kind: 'progress',
    phase: 'fetch',
    text: '',
    hint: '',
    done: 0,
    total: 0,
    done_bytes: 0,
    total_bytes: 0,
    eta: null,
    ...values
  };
}

/** The jobs of a server, as tests set them. */
export class FakeJobs implements IJobsApi {
  jobs: IJob[] = [];
  events: IJobEvent[] = [];
  text = '';
  isDown = false;
  asked = 0;

  list(): Promise<IJob[]> {
    return this._answer(() => [...this.jobs]);
  }
  cancel(id: string): Promise<IJob> {
    return this._answer(() => ({ ...this._get(id), cancel_requested: true }));
  }
  news(id: string, since: number): Promise<IJobNews> {
    return this._answer(() => ({ job: this._get(id), events: this.events.filter(known => known.seq > since) }));
  }
  log(_: string, since: number): Promise<ILogPiece> {
    return this._answer(() => ({ text: this.text.slice(since), next: this.text.length }));
  }

  /** Let a job come to its end. */
  end(id: string, values: Partial<IJob> = {}): void {
    this.jobs = this.jobs.map(known => (known.id === id ? { ...known, state: 'done', ...values } : known));
  }

  private _get(id: string): IJob {
    const found = this.jobs.find(known => known.id === id);
    if (!found) {
      throw new RequestError({ code: 'not_found.job', message: 'there is no such job', hint: '', detail: null }, 404);
    }
    return found;
  }

  private _answer<T>(value: () => T): Promise<T> {
    this.asked += 1;
    return this.isDown ? Promise.reject(new Error('the server does not answer')) : Promise.resolve().then(value);
  }
}

/** The store of a tab, as `sessionStorage` is. */
export class FakeStore {
  getItem(key: string): string | null {
    return this._texts.get(key) ?? null;
  }
  setItem(key: string, text: string): void {
    this._texts.set(key, text);
  }
  private readonly _texts = new Map<string, string>();
}

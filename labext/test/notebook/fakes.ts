/** A kernel, a list of environments and a server's answers for tests: set what they say, then tell. */

import { Signal } from '@lumino/signaling';

import { EnvironmentsModel } from '../../src/models/environments';
import type { INotebookKernel } from '../../src/models/notebook/kernel';
import type { IEnvironment, IEnvironmentsApi } from '../../src/services/environments/interfaces';
import { readEnvironment } from '../../src/services/environments/validate';

export class FakeKernel implements INotebookKernel {
  id = 'k1';
  name = 'envs-analysis';
  path = '/envs/analysis';
  prefix = '/envs/analysis';
  known = true;
  language = 'python';
  idle = true;
  modules = ['numpy'];
  asked = 0;
  readonly changed = new Signal<this, void>(this);
  readonly restarted = new Signal<this, void>(this);

  evaluate(): Promise<string | null> {
    this.asked += 1;
    return Promise.resolve(`'${this.modules.join(',')}'`);
  }
}

/** The list of environments of a server whose answer can be changed. */
export class FakeEnvironments {
  readonly model: EnvironmentsModel;

  constructor(public list: IEnvironment[]) {
    this.model = new EnvironmentsModel({ list: () => Promise.resolve(this.list) } as unknown as IEnvironmentsApi);
  }

  /** Change the one environment, as a job would, and let the model read it. */
  async change(fields: Partial<IEnvironment>): Promise<void> {
    this.list = this.list.map(environment => ({ ...environment, ...fields }));
    await this.model.refresh();
    await settled();
  }
}

export function environment(fields: Partial<IEnvironment> = {}): IEnvironment {
  const least = { id: 'L2E', name: 'analysis', path: '/envs/analysis', python: '3.11.4', kind: 'own', generation: 1 };
  return { ...readEnvironment(least), ...fields };
}

/** Resolve when everything that was already under way has been done. */
export function settled(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 0));
}

/** Unknown JSON to what is allowed. */

import { Fields } from '../fields';
import type { IAllowance } from './interfaces';

/** Read the answer of `policy`; `null` where nothing is ruled. */
export function readAllowance(value: unknown): IAllowance | null {
  return new Fields(value, 'answer').maybe('policy', read);
}

function read(value: unknown, where = 'policy'): IAllowance {
  const fields = new Fields(value, where);
  const number = (name: string): number | null => fields.maybe(name, each => (typeof each === 'number' ? each : null));
  const channels = fields.maybe('channels', each => (Array.isArray(each) ? each.map(String) : null));
  return {
    channels,
    quarantine_days: number('quarantine_days'),
    environments: fields.number('environments', 0),
    most_environments: number('most_environments'),
    used: number('used'),
    disk: number('disk'),
    contact: fields.text('contact', '')
  };
}

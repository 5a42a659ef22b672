/** Unknown JSON to what is published. */

import { Fields } from '../fields';
import type { ISharedEnvironment } from './interfaces';

/** Read the answer of `shared`; `null` where there is no Hub that publishes. */
export function readPublished(value: unknown): readonly ISharedEnvironment[] | null {
  const fields = new Fields(value, 'answer');
  return fields.flag('hub') ? fields.list('environments', readShared) : null;
}

function readShared(value: unknown, where: string): ISharedEnvironment {
  const fields = new Fields(value, where);
  return { name: fields.text('name'), generation: fields.number('generation') };
}

/** Unknown JSON to what is told of recipes. */

import { Fields } from '../fields';
import type { IPlaceInFile } from './interfaces';

/** Find the place in a recipe that an error's detail names; `null` when it names none. */
export function findPlace(detail: unknown): IPlaceInFile | null {
  if (typeof detail !== 'object' || detail === null || !('file' in detail) || !('line' in detail)) {
    return null;
  }
  const fields = new Fields(detail, 'detail');
  return { file: fields.text('file'), line: fields.number('line') };
}

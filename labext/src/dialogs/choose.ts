/** Asks which environment a command is for. */

import { InputDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IEnvironment } from '../services/environments/interfaces';

/** Ask; `preferred` is chosen at first. `null` when it was given up or there is none. */
export async function chooseEnvironment(
  environments: readonly IEnvironment[],
  preferred: IEnvironment | null,
  trans: TranslationBundle
): Promise<IEnvironment | null> {
  if (environments.length === 0) {
    return null;
  }
  const labels = environments.map(environment => labelOf(environment, environments));
  const answer = await InputDialog.getItem({
    title: trans.__('Which environment?'),
    items: labels,
    current: preferred ? environments.indexOf(preferred) : 0
  });
  return answer.button.accept ? (environments[labels.indexOf(answer.value ?? '')] ?? null) : null;
}

/** A name that stands for two environments is told apart by the path. */
function labelOf(environment: IEnvironment, all: readonly IEnvironment[]): string {
  const isAlone = all.filter(other => other.name === environment.name).length === 1;
  return isAlone ? environment.name : `${environment.name} (${environment.path})`;
}

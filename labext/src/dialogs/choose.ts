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
  return environments.length === 0 ? null : ask(environments, preferred, [], null, trans);
}

/** Ask in the same way, with a new one as the last choice; when there is none yet, it is the answer without a question. */
export async function chooseEnvironmentOrNew(
  environments: readonly IEnvironment[],
  preferred: IEnvironment | null,
  trans: TranslationBundle
): Promise<IEnvironment | 'new' | null> {
  return environments.length === 0 ? 'new' : ask(environments, preferred, [trans.__('A new environment…')], 'new', trans);
}

/** Ask; the answer to any of the `others` is `other`. */
async function ask<T>(
  environments: readonly IEnvironment[],
  preferred: IEnvironment | null,
  others: readonly string[],
  other: T,
  trans: TranslationBundle
): Promise<IEnvironment | T | null> {
  const labels = environments.map(environment => labelOf(environment, environments));
  const answer = await InputDialog.getItem({
    title: trans.__('Which environment?'),
    items: [...labels, ...others],
    current: preferred ? environments.indexOf(preferred) : 0
  });
  if (!answer.button.accept || answer.value === null) {
    return null;
  }
  return environments[labels.indexOf(answer.value)] ?? other;
}

/** A name that stands for two environments is told apart by the path. */
function labelOf(environment: IEnvironment, all: readonly IEnvironment[]): string {
  const isAlone = all.filter(other => other.name === environment.name).length === 1;
  return isAlone ? environment.name : `${environment.name} (${environment.path})`;
}

/** The line above a notebook that offers the environment which the notebook carries. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { CarriedModel } from '../../models/notebook/carried';
import type { INotebookAnswer } from '../../services/notebooks/interfaces';
import { formatBytes } from '../format';
import { sentence } from '../problem';
import { IBannerButton, IBannerLine, NotebookBanner } from './banner';

/** What the buttons do. */
export interface ICarriedActions {
  /** Plan the environment, or that of a file beside the notebook, and build it when the person agrees. */
  readonly build: (file?: string) => void;
  /** Choose the kernel of the environment that is there. */
  readonly use: () => void;
}

/** Make it. */
export function carriedBanner(model: CarriedModel, actions: ICarriedActions, trans: TranslationBundle): NotebookBanner {
  return new NotebookBanner('jp-envs-Carried', model, () => lineOf(model, actions, trans), trans);
}

function lineOf(model: CarriedModel, actions: ICarriedActions, trans: TranslationBundle): IBannerLine | null {
  const { answer, problem } = model;
  if (!model.isShown || (!problem && !answer)) {
    return null;
  }
  const [text, details] = problem
    ? [trans.__('The environment of this notebook cannot be read: %1', sentence(problem.message)), problem.hint]
    : answer
      ? [offerText(model, answer, trans), detailText(answer, trans)]
      : ['', ''];
  return {
    text,
    details: [text, details].join('\n'),
    buttons: answer ? buttonsOf(model, answer, actions, trans) : [],
    dismiss: { title: trans.__('Do not offer this for this notebook again'), onClick: () => model.dismiss() }
  };
}

function buttonsOf(
  model: CarriedModel,
  answer: INotebookAnswer,
  { build, use }: ICarriedActions,
  trans: TranslationBundle
): readonly IBannerButton[] {
  switch (model.offer) {
    case 'use':
      return [{ label: trans.__('Use its kernel'), onClick: use }];
    case 'build':
      return [{ label: trans.__('Build it…'), onClick: () => build() }];
    case 'beside':
      return answer.beside.map(file => ({ label: trans.__('Build from %1…', file), onClick: () => build(file) }));
    default:
      return [];
  }
}

function offerText(model: CarriedModel, answer: INotebookAnswer, trans: TranslationBundle): string {
  switch (model.offer) {
    case 'use':
      return trans.__('%1 has everything that this notebook needs.', nameOf(answer.prefix));
    case 'refused':
      return trans.__(
        'This notebook has packages from %1, which the settings do not allow: its environment is not built.',
        answer.refused.join(', ')
      );
    case 'beside':
      return trans.__('The kernel of this notebook is not here, but its environment is described beside it.');
    case 'build':
      return answer.state === 'build' ? lockedText(answer, trans) : solvedText(answer, trans);
    default:
      return '';
  }
}

function lockedText(answer: INotebookAnswer, trans: TranslationBundle): string {
  return trans.__(
    'The environment that this notebook carries is not here. %1 from %2; %3 at most to download.',
    countText(answer, trans),
    Object.keys(answer.origins).join(', '),
    formatBytes(answer.download_bytes)
  );
}

function countText(answer: INotebookAnswer, trans: TranslationBundle): string {
  const count = Object.values(answer.origins).reduce((sum, each) => sum + each, 0);
  return trans._n('%1 package', '%1 packages', count);
}

function solvedText(answer: INotebookAnswer, trans: TranslationBundle): string {
  return answer.because
    ? sentence(trans.__('The environment that this notebook carries is not here: %1', answer.because))
    : trans.__('The environment that this notebook carries is not here. It asks for %1.', answer.requested.join(', '));
}

function detailText(answer: INotebookAnswer, trans: TranslationBundle): string {
  const counts = Object.entries(answer.origins).map(([origin, count]) =>
    trans._n('%1 package from %2', '%1 packages from %2', count, origin)
  );
  const channels = answer.channels ?? [];
  return [trans.__('Asked for: %1', answer.requested.join(', ')), ...counts, ...channels].join('\n');
}

function nameOf(prefix: string): string {
  return prefix.replace(/[\\/]+$/, '').split(/[\\/]/).pop() ?? prefix;
}

/** The line above a notebook that says where the environment of its kernel went. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { MovedModel } from '../../models/notebook/moved';
import { NotebookBanner } from './banner';

/** Make it; `choose` gives the notebook a kernel. */
export function movedBanner(model: MovedModel, trans: TranslationBundle, choose: (kernel: string) => void): NotebookBanner {
  const line = () => {
    const { move } = model;
    if (!move) {
      return null;
    }
    const { from, to, kernel } = move;
    return {
      text: trans.__('%1 is now called %2.', from, to),
      details: trans.__('The kernel was started before that. It cannot be restarted; another one is started in its place.'),
      buttons: kernel ? [{ label: trans.__('Use its kernel'), onClick: () => choose(kernel) }] : []
    };
  };
  return new NotebookBanner('jp-envs-Moved', model, line, trans);
}

/** The line above a notebook that says that its kernel runs in another generation than the one that is published. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { GenerationModel } from '../../models/notebook/generation';
import { NotebookBanner } from './banner';

/** Make it; `start` starts a kernel in the place of the present one. */
export function generationBanner(
  model: GenerationModel,
  name: () => string,
  trans: TranslationBundle,
  start: () => void
): NotebookBanner {
  const line = () =>
    model.other === ''
      ? null
      : {
          text: trans.__('Another generation of %1 is published. This kernel keeps its own, also when it is restarted.', name()),
          details: trans.__('Published: %1', model.other),
          buttons: [{ label: trans.__('Use the published one…'), onClick: start }],
          dismiss: { title: trans.__('Dismiss until another generation is published'), onClick: () => model.dismiss() }
        };
  return new NotebookBanner('jp-envs-OtherGeneration', model, line, trans);
}

/** The line above a notebook that says what a restart would renew. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';

import { StaleModel, namesOf } from '../../models/notebook/stale';
import type { IStaleModule } from '../../services/environments/interfaces';
import { NotebookBanner } from './banner';

const SHOWN = 3;

/** Make it; `restart` restarts the kernel. */
export function staleBanner(model: StaleModel, trans: TranslationBundle, restart: () => void): NotebookBanner {
  const line = () => {
    const { modules, environment } = model;
    if (modules.length === 0) {
      return null;
    }
    return {
      text: sentence(namesOf(modules), environment?.name ?? '', trans),
      details: modules.map(versionsOf).join('\n'),
      buttons: [{ label: trans.__('Restart kernel'), icon: refreshIcon, onClick: restart }],
      dismiss: { title: trans.__('Dismiss until the environment changes again'), onClick: () => model.dismiss() }
    };
  };
  return new NotebookBanner('jp-envs-Stale', model, line, trans);
}

function sentence(names: readonly string[], environment: string, trans: TranslationBundle): string {
  const shown = names.slice(0, SHOWN).join(', ');
  const more = names.length - SHOWN;
  if (more > 0) {
    return trans._n(
      '%2 and %1 more have changed in %3 since this kernel imported them.',
      '%2 and %1 more have changed in %3 since this kernel imported them.',
      more,
      shown,
      environment
    );
  }
  return trans._n(
    '%2 has changed in %3 since this kernel imported it.',
    '%2 have changed in %3 since this kernel imported them.',
    names.length,
    shown,
    environment
  );
}

function versionsOf({ package: owner, before, after }: IStaleModule): string {
  return `${owner} ${[before, after].map(version => version ?? '–').join(' → ')}`;
}

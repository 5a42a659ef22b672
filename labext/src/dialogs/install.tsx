/** Asks which packages to install into an environment. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Signal } from '@lumino/signaling';

import { SuggestionsModel } from '../models/suggestions';
import type { IEnvironment } from '../services/environments/interfaces';
import type { IEnvironmentsManager } from '../tokens';
import { FlowFooter } from '../widgets/flowFooter';
import { SpecField } from '../widgets/specField';
import { showFlow } from './flow';

/** Ask for requests; empty when it was given up. */
export async function askForSpecs(
  manager: IEnvironmentsManager,
  environment: IEnvironment,
  trans: TranslationBundle
): Promise<readonly string[]> {
  const suggestions = new SuggestionsModel(manager.api.catalogue, environment.id);
  const changed = new Signal<object, void>({});
  suggestions.changed.connect(() => changed.emit());
  let specs: readonly string[] = [];
  let agreed = false;
  const accept = (): void => {
    agreed = specs.length > 0;
    dialog.close();
  };
  const dialog = showFlow({
    title: trans.__('Install into %1', environment.name),
    changed,
    focus: '#jp-envs-ask',
    render: () => (
      <>
        <div className="jp-envs-Field">
          <label htmlFor="jp-envs-ask">{trans.__('Packages')}</label>
          <SpecField
            id="jp-envs-ask"
            label={trans.__('Packages')}
            placeholder={trans.__('pandas, numpy>=2 …')}
            specs={specs}
            suggestions={suggestions.items}
            busy={suggestions.busy}
            problem={suggestions.problem}
            trans={trans}
            onChange={value => {
              specs = value;
              changed.emit();
            }}
            onAsk={text => suggestions.ask(text)}
            onEnter={accept}
          />
          <div className="jp-envs-Field-hint">{trans.__('For a version, type = or >= after the name.')}</div>
        </div>
        <FlowFooter
          buttons={[
            { label: trans.__('Cancel'), onClick: () => dialog.close() },
            { label: trans.__('Preview'), accept: true, disabled: specs.length === 0, onClick: accept }
          ]}
        />
      </>
    )
  });
  await dialog.closed;
  suggestions.dispose();
  return agreed ? specs : [];
}

/** The line above a notebook that says what a restart would renew. Hidden while there is nothing to say. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, closeIcon, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { StaleModel, namesOf } from '../../models/notebook/stale';
import type { IStaleModule } from '../../services/environments/interfaces';

const SHOWN = 3;

/** Follows a model, which it takes with it when it goes. */
export class StaleBanner extends ReactWidget {
  constructor(
    private readonly _model: StaleModel,
    private readonly _trans: TranslationBundle,
    private readonly _restart: () => void
  ) {
    super();
    this.addClass('jp-envs-Stale');
    this.node.setAttribute('role', 'status');
    this.disposed.connect(() => _model.dispose());
    _model.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  protected render(): JSX.Element | null {
    const { modules, environment } = this._model;
    if (modules.length === 0) {
      return null;
    }
    const trans = this._trans;
    return (
      <>
        <span className="jp-envs-Stale-text" title={modules.map(versionsOf).join('\n')}>
          {sentence(namesOf(modules), environment?.name ?? '', trans)}
        </span>
        <Button className="jp-envs-NotebookButton" small onClick={this._restart}>
          <refreshIcon.react tag="span" />
          {trans.__('Restart kernel')}
        </Button>
        <Button
          small
          minimal
          title={trans.__('Dismiss until the environment changes again')}
          aria-label={trans.__('Dismiss')}
          onClick={() => this._model.dismiss()}
        >
          <closeIcon.react tag="span" />
        </Button>
      </>
    );
  }

  private _onChanged(): void {
    this.setHidden(this._model.modules.length === 0); // hiding makes the layout take or give the room
    this.update();
  }
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

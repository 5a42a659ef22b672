/** The line above a notebook that offers the environment which the notebook carries. Hidden while nothing is offered. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { CarriedModel } from '../../models/notebook/carried';
import type { INotebookAnswer } from '../../services/notebooks/interfaces';
import { formatBytes } from '../format';
import { sentence } from '../problem';

/** What the buttons do. */
export interface ICarriedActions {
  /** Plan the environment, or that of a file beside the notebook, and build it when the person agrees. */
  readonly build: (file?: string) => void;
  /** Choose the kernel of the environment that is there. */
  readonly use: () => void;
}

/** Follows a model, which it takes with it when it goes. */
export class CarriedBanner extends ReactWidget {
  constructor(
    private readonly _model: CarriedModel,
    private readonly _actions: ICarriedActions,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-envs-Carried');
    this.node.setAttribute('role', 'status');
    this.disposed.connect(() => _model.dispose());
    _model.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  protected render(): JSX.Element | null {
    const { answer, problem } = this._model;
    const trans = this._trans;
    const [text, details] = problem
      ? [trans.__('The environment of this notebook cannot be read: %1', sentence(problem.message)), problem.hint]
      : answer
        ? [offerText(this._model, answer, trans), detailText(answer, trans)]
        : ['', ''];
    if (!text) {
      return null;
    }
    return (
      <>
        <span className="jp-envs-Carried-text" title={[text, details].join('\n')}>
          {text}
        </span>
        {answer && this._buttons(answer)}
        <Button
          small
          minimal
          title={trans.__('Do not offer this for this notebook again')}
          aria-label={trans.__('Dismiss')}
          onClick={() => this._model.dismiss()}
        >
          <closeIcon.react tag="span" />
        </Button>
      </>
    );
  }

  private _buttons(answer: INotebookAnswer): JSX.Element[] {
    const trans = this._trans;
    const { build, use } = this._actions;
    const button = (label: string, onClick: () => void): JSX.Element => (
      <Button key={label} className="jp-envs-NotebookButton" small onClick={onClick}>
        {label}
      </Button>
    );
    switch (this._model.offer) {
      case 'use':
        return [button(trans.__('Use its kernel'), use)];
      case 'build':
        return [button(trans.__('Build it…'), () => build())];
      case 'beside':
        return answer.beside.map(file => button(trans.__('Build from %1…', file), () => build(file)));
      default:
        return [];
    }
  }

  private _onChanged(): void {
    this.setHidden(!this._model.isShown); // hiding makes the layout take or give the room
    this.update();
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

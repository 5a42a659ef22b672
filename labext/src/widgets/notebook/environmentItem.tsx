/** The toolbar item that names the environment of the kernel. */

import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ToolbarButtonComponent, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { environmentIcon } from '../../icons';
import type { KernelEnvironmentModel, Whereabouts } from '../../models/notebook/kernelEnvironment';

/** Follows a model; a press opens what it names. */
export class EnvironmentItem extends ReactWidget {
  constructor(
    private readonly _model: KernelEnvironmentModel,
    private readonly _trans: TranslationBundle,
    private readonly _open: (where: Whereabouts) => void
  ) {
    super();
    this.addClass('jp-envs-NotebookItem');
    this.disposed.connect(() => _model.dispose());
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this._model.changed}>
        {() => <Item where={this._model.where} trans={this._trans} onOpen={this._open} />}
      </UseSignal>
    );
  }
}

function Item(props: {
  where: Whereabouts;
  trans: TranslationBundle;
  onOpen: (where: Whereabouts) => void;
}): JSX.Element | null {
  const { where, trans, onOpen } = props;
  if (where.kind === 'none') {
    return null;
  }
  const busy = where.kind === 'managed' && where.environment.busy;
  return (
    <ToolbarButtonComponent
      className={busy ? 'jp-envs-mod-busy' : ''}
      icon={busy ? refreshIcon : environmentIcon}
      label={labelOf(where, trans)}
      tooltip={tooltipOf(where, trans)}
      onClick={() => onOpen(where)}
    />
  );
}

function labelOf(where: Whereabouts, trans: TranslationBundle): string {
  switch (where.kind) {
    case 'managed': {
      const { name, python } = where.environment;
      return python ? trans.__('%1 · Python %2', name, python.split('.').slice(0, 2).join('.')) : name;
    }
    case 'gone':
      return trans.__('%1 (gone)', baseName(where.path));
    default:
      return trans.__('not managed');
  }
}

function tooltipOf(where: Whereabouts, trans: TranslationBundle): string {
  switch (where.kind) {
    case 'managed': {
      const { busy, name, path, python, packages } = where.environment;
      const lines = [
        trans.__('The kernel runs in the environment %1', name),
        python ? trans.__('Python %1', python) : '',
        trans._n('%1 package', '%1 packages', packages),
        path,
        busy ? trans.__('It is being changed') : ''
      ];
      return lines.filter(Boolean).join('\n');
    }
    case 'gone':
      return trans.__(
        'The environment that the kernel was started in was renamed or deleted: %1\nChoose another kernel',
        where.path
      );
    default:
      return trans.__('The kernel runs in no environment that is listed here\nShow the environments');
  }
}

function baseName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).pop() ?? path;
}

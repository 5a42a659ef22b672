/** What stands below a cell that did not find a module. */

import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, copyIcon, downloadIcon, runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { SuggestionModel } from '../../models/notebook/suggestion';

/** What the buttons do beside what the model does. */
export interface ISuggestionActions {
  readonly runAgain: () => void;
  readonly useKernel: (name: string) => void;
}

/** Follows a model, which it takes with it when it goes. */
export class SuggestionWidget extends ReactWidget {
  constructor(
    private readonly _model: SuggestionModel,
    private readonly _trans: TranslationBundle,
    private readonly _actions: ISuggestionActions
  ) {
    super();
    this.addClass('jp-envs-Suggestion');
    this.node.setAttribute('role', 'status');
    this.disposed.connect(() => _model.dispose());
  }

  protected render(): JSX.Element {
    return <UseSignal signal={this._model.changed}>{() => this._content()}</UseSignal>;
  }

  private _content(): JSX.Element | null {
    const { state, environment } = this._model;
    const trans = this._trans;
    if (state === 'none' || !environment) {
      return null;
    }
    if (state === 'installed') {
      return (
        <>
          <span>{trans.__('%1 is in %2 now.', this._model.package, environment.name)}</span>
          <Button className="jp-envs-NotebookButton" small onClick={this._actions.runAgain}>
            <runIcon.react tag="span" />
            {trans.__('Run the cell again')}
          </Button>
        </>
      );
    }
    const { cloned } = this._model;
    if (state === 'cloned' && cloned) {
      return (
        <>
          <Button className="jp-envs-NotebookButton" small onClick={() => this._actions.useKernel(cloned.kernel)}>
            {trans.__('Use the kernel of %1', cloned.name)}
          </Button>
          <span className="jp-envs-Suggestion-note">{trans.__('%1 can be installed there.', this._model.package)}</span>
        </>
      );
    }
    if (state === 'clone') {
      return (
        <>
          <Button className="jp-envs-NotebookButton" small onClick={() => void this._model.clone()}>
            <copyIcon.react tag="span" />
            {trans.__('Clone %1…', environment.name)}
          </Button>
          <span className="jp-envs-Suggestion-note">
            {trans.__('%1 is shared and cannot be changed; %2 can be installed into a clone.', environment.name, this._model.package)}
          </span>
        </>
      );
    }
    return (
      <>
        <Button className="jp-envs-NotebookButton" small disabled={state === 'asked'} onClick={() => void this._model.install()}>
          <downloadIcon.react tag="span" />
          {trans.__('Install %1 into %2', this._model.package, environment.name)}
        </Button>
        {this._model.package !== this._model.module && (
          <span className="jp-envs-Suggestion-note">{trans.__('It brings the module %1.', this._model.module)}</span>
        )}
      </>
    );
  }
}

/** Shows what a change would do, then does it or not. */

import { Dialog, ReactWidget, UseSignal } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { PlanningModel } from '../models/planning';
import type { IChangeRequest } from '../services/plans/interfaces';
import type { IEnvironmentsManager } from '../tokens';
import { PlanView } from '../widgets/planView';
import { Conflict, Problem } from '../widgets/problem';

/** Plan a request in a dialog; its job is followed when the person agrees. */
export async function showPlanDialog(
  manager: IEnvironmentsManager,
  request: IChangeRequest,
  trans: TranslationBundle
): Promise<void> {
  const model = new PlanningModel(manager.api.plans, manager.jobs);
  const agree = Dialog.okButton({ label: trans.__('Apply') });
  const dialog = new Dialog({
    title: request.name ? trans.__('Create %1', request.name) : trans.__('Planned changes'),
    body: new PlanBody(model, trans),
    buttons: [Dialog.cancelButton({ label: trans.__('Discard') }), agree],
    defaultButton: 1
  });
  dialog.addClass('jp-envs-PlanDialog');
  const enable = (): void => {
    dialog.node.querySelector('.jp-mod-accept')?.toggleAttribute('disabled', model.state !== 'planned');
  };
  model.changed.connect(enable);
  requestAnimationFrame(enable);
  void model.preview(request);
  const result = await dialog.launch();
  if (result.button.accept && (await model.apply()) === null && model.problem) {
    await new Dialog({
      title: trans.__('The change was refused'),
      body: `${model.problem.message}. ${model.problem.hint}`,
      buttons: [Dialog.okButton()]
    }).launch();
  } else if (!result.button.accept) {
    model.discard();
  }
  model.dispose();
}

class PlanBody extends ReactWidget {
  constructor(
    private readonly _model: PlanningModel,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-envs-PlanBody');
  }

  protected render(): JSX.Element {
    return <UseSignal signal={this._model.changed}>{() => this._content()}</UseSignal>;
  }

  private _content(): JSX.Element {
    const { plan, problem, conflict } = this._model;
    if (problem) {
      return conflict ? (
        <Conflict problem={problem} conflict={conflict} trans={this._trans} onFix={fix => void this._model.fix(fix)} />
      ) : (
        <Problem problem={problem} />
      );
    }
    if (plan) {
      return <PlanView plan={plan} trans={this._trans} />;
    }
    return <p aria-live="polite">{this._trans.__('Finding versions that go together…')}</p>;
  }
}

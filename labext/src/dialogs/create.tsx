/** Asks for the name and the packages of a new environment, then shows its plan. */

import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IEnvironmentsManager } from '../tokens';
import { showPlanDialog } from './plan';

interface IWish {
  readonly name: string;
  readonly specs: readonly string[];
}

/** Ask, plan and create. */
export async function createEnvironment(manager: IEnvironmentsManager, trans: TranslationBundle): Promise<void> {
  const answer = await showDialog<IWish>({
    title: trans.__('New environment'),
    body: new CreateBody(trans),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Preview') })],
    focusNodeSelector: 'input'
  });
  if (answer.button.accept && answer.value?.name) {
    const { name, specs } = answer.value;
    await showPlanDialog(manager, { action: 'create', name, specs, add_ipykernel: true }, trans);
  }
}

class CreateBody extends ReactWidget implements Dialog.IBodyWidget<IWish> {
  constructor(private readonly _trans: TranslationBundle) {
    super();
    this.addClass('jp-envs-Create');
  }

  getValue(): IWish {
    const values = [...this.node.querySelectorAll('input')].map(input => input.value.trim());
    return { name: values[0] ?? '', specs: splitSpecs(values[1] ?? '') };
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    return (
      <>
        <label>
          {trans.__('Name')}
          <input className="jp-mod-styled" required spellCheck={false} />
        </label>
        <label>
          {trans.__('Packages')}
          <input className="jp-mod-styled" placeholder="python=3.11, pandas" spellCheck={false} />
        </label>
      </>
    );
  }
}

/** The requests in a text: separated by commas that no digit or comparison follows, or by spaces. */
export function splitSpecs(text: string): string[] {
  return text
    .split(/,(?!\s*[<>=!~])|\s+(?![<>=!~\d])/)
    .map(spec => spec.trim())
    .filter(Boolean);
}

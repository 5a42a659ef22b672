/** The kernels that stand in the launcher for the environment, and the variables that they start with. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { KernelsModel } from '../../models/page/kernels';
import type { PageModel } from '../../models/page/page';
import type { IKernel, IKernels } from '../../services/environments/interfaces';
import { Problem } from '../problem';
import type { IPageActions } from './pageView';
import { Loaded } from './states';
import { useModel } from './useModel';

export interface IKernelTabProps {
  readonly page: PageModel;
  readonly actions: IPageActions;
  readonly trans: TranslationBundle;
}

export function KernelTab(props: IKernelTabProps): JSX.Element {
  const { page, trans } = props;
  const model = page.kernels;
  useModel(model);
  return (
    <Loaded resource={model.kernels} loading={trans.__('Reading the kernels…')} trans={trans}>
      {kernels => (
        <div className="jp-envs-Kernels">
          <section aria-label={trans.__('Kernels')}>
            <h2>{trans.__('Kernels')}</h2>
            {model.problem && <Problem problem={model.problem} />}
            {kernels.warnings.map((warning, index) => (
              <p key={index} className="jp-envs-PageNote">
                {warning.message} {warning.hint}
              </p>
            ))}
            <KernelList kernels={kernels.kernels} trans={trans} />
            <Buttons {...props} model={model} kernels={kernels} />
          </section>
          <section>
            <h2>{trans.__('Variables')}</h2>
            <Variables variables={kernels.variables} trans={trans} />
          </section>
        </div>
      )}
    </Loaded>
  );
}

/** How the kernels are called that come with a published environment, and go only with it. */
const PUBLISHED = 'shared-';

function Buttons(props: IKernelTabProps & { model: KernelsModel; kernels: IKernels }): JSX.Element {
  const { page, model, trans, kernels } = props;
  const count = kernels.kernels.length;
  const come = page.obstacle === 'shared' && count > 0 && kernels.kernels.every(kernel => kernel.name.startsWith(PUBLISHED));
  const hasPython = page.environment?.has_ipykernel ?? false;
  return (
    <div className="jp-envs-Buttons">
      {!come && (
        <Button
          className={`jp-mod-styled${count === 0 ? ' jp-mod-accept' : ''}`}
          disabled={model.working}
          onClick={() => void model.register()}
        >
          {count > 0 ? trans.__('Register again') : trans.__('Register')}
        </Button>
      )}
      {count > 0 && (
        <>
          {!come && (
            <Button className="jp-mod-styled" disabled={model.working} onClick={() => void model.remove()}>
              {trans.__('Remove from the launcher')}
            </Button>
          )}
          <Button className="jp-mod-styled" onClick={() => props.actions.newNotebook(page.id)}>
            {trans.__('New notebook')}
          </Button>
        </>
      )}
      {count === 0 && !hasPython && !page.obstacle && (
        <Button
          className="jp-mod-styled"
          onClick={() => page.propose([{ action: 'install', environment: page.id, specs: ['ipykernel'] }])}
        >
          {trans.__('Install ipykernel…')}
        </Button>
      )}
    </div>
  );
}

function KernelList(props: { kernels: readonly IKernel[]; trans: TranslationBundle }): JSX.Element {
  const { kernels, trans } = props;
  if (kernels.length === 0) {
    return <p>{trans.__('No kernel of this environment stands in the launcher.')}</p>;
  }
  return (
    <table className="jp-envs-Table">
      <thead>
        <tr>
          <th scope="col">{trans.__('Shown as')}</th>
          <th scope="col">{trans.__('Name')}</th>
          <th scope="col">{trans.__('Language')}</th>
        </tr>
      </thead>
      <tbody>
        {kernels.map(kernel => (
          <tr key={kernel.name}>
            <th scope="row">{kernel.display_name}</th>
            <td>
              <code>{kernel.name}</code>
            </td>
            <td>{kernel.language}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Variables(props: { variables: Readonly<Record<string, string>>; trans: TranslationBundle }): JSX.Element {
  const { trans } = props;
  const pairs = Object.entries(props.variables).sort(([left], [right]) => (left < right ? -1 : 1));
  if (pairs.length === 0) {
    return <p>{trans.__('Kernels of this environment start with no variables of their own.')}</p>;
  }
  return (
    <>
      <p>{trans.__('Kernels start with these, as if the environment had been activated.')}</p>
      <div className="jp-envs-Variables" tabIndex={0} role="region" aria-label={trans.__('Variables')}>
        <table className="jp-envs-Table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Name')}</th>
              <th scope="col">{trans.__('Value')}</th>
            </tr>
          </thead>
          <tbody>
            {pairs.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td>
                  <code>{value}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

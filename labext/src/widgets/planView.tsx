/** A plan as a table: what comes, goes and changes, and what it costs. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IPlan } from '../services/plans/interfaces';
import { formatBytes } from './format';

export function PlanView(props: { plan: IPlan; trans: TranslationBundle }): JSX.Element {
  const { plan, trans } = props;
  return (
    <div className="jp-envs-Plan">
      <p className="jp-envs-Plan-cost">
        {trans.__('%1 changes', plan.changes.length)} · {trans.__('download %1', formatBytes(plan.download_bytes))} ·{' '}
        {trans.__('%1 more on the disk', formatBytes(plan.disk_bytes))}
      </p>
      {plan.changes.length === 0 && <p>{trans.__('Everything that was asked for is there.')}</p>}
      {plan.warnings.map((warning, index) => (
        <p key={index} className="jp-envs-Plan-warning">
          {warning.message} {warning.hint}
        </p>
      ))}
      {plan.link_scripts.length > 0 && (
        <p className="jp-envs-Plan-warning">{trans.__('Scripts that will run: %1', plan.link_scripts.join(', '))}</p>
      )}
      <div className="jp-envs-Plan-scroll" tabIndex={0} role="region" aria-label={trans.__('Changes')}>
        <table className="jp-envs-Plan-table">
          <tbody>
            {plan.changes.map(change => (
              <tr key={change.name} data-kind={change.kind}>
                <th scope="row">{change.name}</th>
                <td>{kindText(change.kind, trans)}</td>
                <td>{[change.before?.version, change.after?.version].filter(Boolean).join(' → ')}</td>
                <td>{change.after?.source ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function kindText(kind: string, trans: TranslationBundle): string {
  const texts: Record<string, string> = {
    added: trans.__('added'),
    removed: trans.__('removed'),
    upgraded: trans.__('upgraded'),
    downgraded: trans.__('downgraded'),
    rebuilt: trans.__('rebuilt'),
    relinked: trans.__('relinked')
  };
  return texts[kind] ?? kind;
}

/** A plan as a table: what comes, goes and changes, and what it costs. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { requestedFirst } from '../models/specs';
import type { IPackageChange, IPlan, IPlannedPackage } from '../services/plans/interfaces';
import { formatBytes } from './format';
import { sentence } from './problem';

const ORDER = ['removed', 'downgraded', 'upgraded', 'rebuilt', 'relinked', 'added'];

export function PlanView(props: { plan: IPlan; trans: TranslationBundle }): JSX.Element {
  const { plan, trans } = props;
  if (plan.changes.length === 0) {
    return <p className="jp-envs-Plan-nothing">{trans.__('Everything that was asked for is there: nothing has to change.')}</p>;
  }
  return (
    <div className="jp-envs-Plan">
      <PlanCost plan={plan} trans={trans} />
      {plan.warnings.map((warning, index) => (
        <p key={index} className="jp-envs-Plan-warning">
          {[warning.message, warning.hint].filter(Boolean).map(sentence).join(' ')}
        </p>
      ))}
      {plan.link_scripts.length > 0 && (
        <p className="jp-envs-Plan-warning">{trans.__('Scripts that will run: %1', plan.link_scripts.join(', '))}</p>
      )}
      {plan.scripts_unknown > 0 && (
        <p className="jp-envs-Plan-scripts">
          {trans._n(
            '%1 package is not downloaded yet. If it brings a script, that is run when it is installed.',
            '%1 packages are not downloaded yet. If they bring scripts, these are run when they are installed.',
            plan.scripts_unknown
          )}
        </p>
      )}
      <ChangeTable plan={plan} trans={trans} />
    </div>
  );
}

function PlanCost(props: { plan: IPlan; trans: TranslationBundle }): JSX.Element {
  const { plan, trans } = props;
  const counts = ORDER.map(kind => [kind, plan.changes.filter(change => change.kind === kind).length] as const);
  return (
    <div className="jp-envs-Plan-cost">
      <ul className="jp-envs-Plan-counts" aria-label={trans.__('Changes by kind')}>
        {counts
          .filter(([, count]) => count > 0)
          .map(([kind, count]) => (
            <li key={kind} data-kind={kind}>
              {count} {kindText(kind, trans)}
            </li>
          ))}
      </ul>
      <span>{costText(plan, trans)}</span>
    </div>
  );
}

/** What a plan costs: downloads, and the disk; of removals, what they free. */
export function costText(
  plan: Pick<IPlan, 'changes' | 'download_bytes' | 'disk_bytes' | 'freed_bytes' | 'scripts_unknown'>,
  trans: TranslationBundle
): string {
  const { download_bytes: download, disk_bytes: disk, freed_bytes: freed } = plan;
  const parts = [download > 0 ? trans.__('%1 to download', formatBytes(download)) : trans.__('nothing to download')];
  if (disk > 0) {
    const isEstimate = download > 0 || plan.scripts_unknown > 0; // of packages that are not extracted yet
    const size = formatBytes(disk);
    parts.push(isEstimate ? trans.__('about %1 more on the disk', size) : trans.__('%1 more on the disk', size));
  }
  if (plan.changes.some(change => change.kind === 'removed')) {
    parts.push(trans.__('%1 freed (what the package cache shares stays there)', formatBytes(freed)));
  }
  return (parts.length > 1 ? parts : [...parts, trans.__('nothing more on the disk')]).join(' · ');
}

/** What takes something away comes first; of each kind, what was asked for before what comes with it. */
export function inOrder(plan: Pick<IPlan, 'changes' | 'requested'>): IPackageChange[] {
  const changes = [...plan.changes].sort((left, right) => left.name.localeCompare(right.name));
  const names = requestedFirst(
    changes.map(change => change.name),
    plan.requested
  );
  const rank = (change: IPackageChange): number => ORDER.indexOf(change.kind) * names.length + names.indexOf(change.name);
  return changes.sort((left, right) => rank(left) - rank(right));
}

function ChangeTable(props: { plan: IPlan; trans: TranslationBundle }): JSX.Element {
  const { plan, trans } = props;
  const changes = inOrder(plan);
  return (
    <div className="jp-envs-Plan-scroll" tabIndex={0} role="region" aria-label={trans.__('Changes')}>
      <table className="jp-envs-Plan-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Package')}</th>
            <th scope="col">{trans.__('Change')}</th>
            <th scope="col">{trans.__('Version')}</th>
            <th scope="col">{trans.__('From')}</th>
            <th scope="col" className="jp-envs-Plan-number" title={trans.__('Of its archive')}>
              {trans.__('Size')}
            </th>
          </tr>
        </thead>
        <tbody>
          {changes.map(change => (
            <tr key={change.name} data-kind={change.kind}>
              <th scope="row">{change.name}</th>
              <td className="jp-envs-Plan-kind">{kindText(change.kind, trans)}</td>
              <td>{versionText(change)}</td>
              <td>{sourceText(change.after ?? change.before)}</td>
              <td className="jp-envs-Plan-number">{sizeText(change.after ?? change.before)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The version, or how it changes. */
export function versionText(change: IPackageChange): string {
  const { before, after } = change;
  if (before && after && before.version === after.version) {
    return before.build === after.build ? after.version : `${after.version} (${before.build} → ${after.build})`;
  }
  return [before?.version, after?.version].filter(Boolean).join(' → ');
}

/** The channel's own name rather than its whole address. */
function sourceText(planned: IPlannedPackage | null): string {
  return planned?.channel.replace(/\/+$/, '').split('/').pop() || (planned?.source ?? '');
}

function sizeText(planned: IPlannedPackage | null): string {
  return planned?.size ? formatBytes(planned.size) : '';
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

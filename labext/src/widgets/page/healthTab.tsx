/** What is wrong and what mends it; what the environment takes on the disk. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import { HealthModel, countRepairable } from '../../models/page/health';
import type { PageModel } from '../../models/page/page';
import type { IDiskUsage, IFinding, IFindingFix } from '../../services/environments/interfaces';
import { formatBytes } from '../format';
import { Problem } from '../problem';
import { Badge, BadgeKind } from './badges';
import { Failed, Loaded, Loading } from './states';
import { useModel } from './useModel';

export interface IHealthTabProps {
  readonly page: PageModel;
  readonly trans: TranslationBundle;
}

export function HealthTab(props: IHealthTabProps): JSX.Element {
  const { page, trans } = props;
  const model = page.health;
  useModel(model);
  return (
    <div className="jp-envs-Health">
      <section aria-label={trans.__('Checks')}>
        <Checks model={model} trans={trans} />
        {model.problem && <Problem problem={model.problem} />}
        <Findings {...props} />
      </section>
      <section aria-label={trans.__('Disk')}>
        <h2>{trans.__('Disk')}</h2>
        <Loaded resource={model.disk} loading={trans.__('Measuring…')} trans={trans}>
          {disk => <Disk disk={disk} isShared={page.obstacle === 'shared'} trans={trans} />}
        </Loaded>
      </section>
    </div>
  );
}

function Checks(props: { model: HealthModel; trans: TranslationBundle }): JSX.Element {
  const { model, trans } = props;
  const { verify, doctor } = model;
  return (
    <div className="jp-envs-PageBar">
      <h2>{trans.__('Checks')}</h2>
      <div className="jp-envs-PageBar-actions">
        {model.fixing && <span className="jp-envs-PageBar-note">{trans.__('Mending…')}</span>}
        {doctor.loading && <span className="jp-envs-PageBar-note">{trans.__('Looking…')}</span>}
        <Button className="jp-mod-styled" disabled={doctor.loading} onClick={() => void doctor.refresh()}>
          {trans.__('Check again')}
        </Button>
        <Button
          className="jp-mod-styled"
          disabled={verify.loading}
          title={trans.__('Reads every file of every package and compares it with its record; takes some seconds')}
          onClick={() => void verify.refresh()}
        >
          {verify.loading ? trans.__('Verifying…') : trans.__('Verify all files')}
        </Button>
      </div>
      {verify.loading && <progress className="jp-envs-PageBar-progress" aria-label={trans.__('Comparing all files with their records')} />}
    </div>
  );
}

function Findings(props: IHealthTabProps): JSX.Element {
  const { page, trans } = props;
  const model = page.health;
  const problem = model.doctor.problem ?? model.verify.problem;
  const findings = model.findings;
  if (problem) {
    return <Failed problem={problem} trans={trans} onRetry={() => void model.doctor.refresh()} />;
  }
  if (!findings) {
    return <Loading>{trans.__('Looking for what may be wrong…')}</Loading>;
  }
  if (findings.length === 0) {
    return (
      <p className="jp-envs-Health-good" role="status">
        {model.verify.value
          ? trans.__('Nothing is wrong. Every file is as its package brought it.')
          : trans.__('Nothing is wrong as far as a quick look tells. Verify all files to compare each with its record.')}
      </p>
    );
  }
  const repairable = countRepairable(findings);
  return (
    <>
      {model.verify.value?.length === 0 && (
        <p role="status">{trans.__('Every file is as its package brought it.')}</p>
      )}
      {repairable > 0 && !page.obstacle && (
        <p className="jp-envs-Buttons">
          <Button
            className="jp-mod-styled jp-mod-accept"
            disabled={model.fixing}
            onClick={() => void model.fix({ action: 'repair', specs: [] })}
          >
            {trans._n('Repair %1 fault', 'Repair %1 faults', repairable)}
          </Button>
        </p>
      )}
      <ul className="jp-envs-Findings">
        {findings.map((finding, index) => (
          <Finding
            key={index}
            finding={finding}
            canMend={!page.obstacle || !CHANGING.includes(finding.fix?.action ?? '')}
            fixing={model.fixing}
            trans={trans}
            onFix={fix => mend(page, fix)}
          />
        ))}
      </ul>
    </>
  );
}

/** What mends by changing the environment. */
const CHANGING: readonly string[] = ['repair', 'recover', 'install'];

/** Mend it: what brings packages is planned and looked at first. */
function mend(page: PageModel, fix: IFindingFix): void {
  if (fix.action === 'install') {
    page.propose([{ action: 'install', environment: page.id, specs: fix.specs }]);
  } else {
    void page.health.fix(fix);
  }
}

function Finding(props: {
  finding: IFinding;
  canMend: boolean;
  fixing: boolean;
  trans: TranslationBundle;
  onFix: (fix: IFindingFix) => void;
}): JSX.Element {
  const { finding, trans } = props;
  const { fix } = finding;
  return (
    <li className="jp-envs-Finding" data-severity={finding.severity}>
      <Badge kind={kindOf(finding)}>{severityText(finding, trans)}</Badge>
      <div className="jp-envs-Finding-body">
        <p className="jp-envs-Finding-message">{finding.message}</p>
        {finding.hint && <p className="jp-envs-Finding-hint">{finding.hint}</p>}
      </div>
      {fix && props.canMend && (
        <Button
          className="jp-mod-styled"
          disabled={props.fixing}
          aria-label={trans.__('%1: %2', fixText(fix, trans), finding.message)}
          onClick={() => props.onFix(fix)}
        >
          {fixText(fix, trans)}
        </Button>
      )}
    </li>
  );
}

function Disk(props: { disk: IDiskUsage; isShared: boolean; trans: TranslationBundle }): JSX.Element {
  const { disk, trans } = props;
  const own = disk.total > 0 ? (100 * disk.unique) / disk.total : 0;
  return (
    <>
      <p>
        {props.isShared
          ? trans.__('It lies in the shared folder and takes nothing of your own space.')
          : trans.__(
              'Deleting this environment would free %1; another %2 of it are hard links to files that the package cache or other environments use too.',
              formatBytes(disk.unique),
              formatBytes(disk.shared)
            )}
      </p>
      <div
        className="jp-envs-Meter"
        role="img"
        aria-label={trans.__('%1 of its own, %2 shared', formatBytes(disk.unique), formatBytes(disk.shared))}
      >
        <span className="jp-envs-Meter-own" style={{ width: `${own}%` }} />
      </div>
      <dl className="jp-envs-Facts">
        <dt>{trans.__('Its own')}</dt>
        <dd>{formatBytes(disk.unique)}</dd>
        <dt>{trans.__('Shared')}</dt>
        <dd>{formatBytes(disk.shared)}</dd>
        <dt>{trans.__('Together')}</dt>
        <dd>{formatBytes(disk.total)}</dd>
        <dt>{trans.__('Files')}</dt>
        <dd>{disk.files.toLocaleString()}</dd>
      </dl>
    </>
  );
}

function fixText(fix: IFindingFix, trans: TranslationBundle): string {
  const texts: Record<IFindingFix['action'], string> = {
    repair: trans.__('Repair'),
    recover: trans.__('Recover'),
    kernels: trans.__('Register the kernel'),
    install: trans.__('Install %1…', fix.specs.join(', ')),
    forget: trans.__('Take it off the list')
  };
  return texts[fix.action];
}

function kindOf(finding: IFinding): BadgeKind {
  return finding.severity === 'error' ? 'error' : finding.severity === 'warning' ? 'warn' : 'plain';
}

function severityText(finding: IFinding, trans: TranslationBundle): string {
  const texts = { error: trans.__('error'), warning: trans.__('warning'), note: trans.__('note') };
  return texts[finding.severity];
}

/** How much of a quota is taken, at the foot of the list. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { fullness } from '../models/allowance';
import type { IAllowance } from '../services/policy/interfaces';
import { formatBytes } from './format';

const NEARLY_FULL = 0.9;

export function QuotaNote(props: { allowance: IAllowance | null; trans: TranslationBundle }): JSX.Element | null {
  const { allowance, trans } = props;
  const full = allowance && fullness(allowance);
  if (!allowance || full === null) {
    return null;
  }
  const text = quotaText(allowance, trans);
  const whom = allowance.contact && trans.__('For more, ask %1.', allowance.contact);
  return (
    <div className="jp-envs-Quota" data-full={full >= NEARLY_FULL} title={[trans.__('What you may have'), whom].filter(Boolean).join('\n')}>
      <span>{text}</span>
      <span className="jp-envs-Quota-meter" aria-hidden="true">
        <span style={{ width: `${100 * full}%` }} />
      </span>
    </div>
  );
}

/** What is taken of what there may be. */
export function quotaText(allowance: IAllowance, trans: TranslationBundle): string {
  const { environments, most_environments: most, used, disk } = allowance;
  const parts = [
    most !== null && trans._n('%2 of %1 environment', '%2 of %1 environments', most, environments),
    disk !== null && used !== null && trans.__('%1 of %2', formatBytes(used), formatBytes(disk))
  ];
  return parts.filter(Boolean).join(' · ');
}

/** The button that asks again for a change that was not made. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { AgainAction } from '../models/notices';
import type { IJob } from '../services/jobs/interfaces';
import { jobTitle } from './jobText';

export interface IAgainProps {
  readonly job: IJob;
  /** What helps; `null` when the change was made, or cannot be asked for again. */
  readonly action: AgainAction | null;
  readonly trans: TranslationBundle;
  readonly onAgain: (job: string) => void;
}

export function Again(props: IAgainProps): JSX.Element | null {
  const { job, action, trans } = props;
  if (!action) {
    return null;
  }
  const label = againText(action, trans);
  return (
    <Button minimal small className="jp-envs-Again" aria-label={`${label} ${jobTitle(job, trans)}`} onClick={() => props.onAgain(job.id)}>
      {label}
    </Button>
  );
}

export function againText(action: AgainAction, trans: TranslationBundle): string {
  return action === 'fix' ? trans.__('Fix…') : trans.__('Retry');
}

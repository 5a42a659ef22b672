/** Running jobs with their progress. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IJob, IJobEvent } from '../services/jobs/interfaces';

export interface IJobListProps {
  readonly jobs: readonly IJob[];
  readonly progressOf: (id: string) => IJobEvent | null;
  readonly trans: TranslationBundle;
  readonly onCancel: (id: string) => void;
}

export function JobList(props: IJobListProps): JSX.Element | null {
  if (props.jobs.length === 0) {
    return null;
  }
  return (
    <ul className="jp-envs-Jobs" aria-label={props.trans.__('Running changes')}>
      {props.jobs.map(job => (
        <JobRow key={job.id} job={job} progress={props.progressOf(job.id)} {...props} />
      ))}
    </ul>
  );
}

function JobRow(props: IJobListProps & { job: IJob; progress: IJobEvent | null }): JSX.Element {
  const { job, progress, trans } = props;
  const [done, total] = progress?.total_bytes
    ? [progress.done_bytes, progress.total_bytes]
    : [progress?.done ?? 0, progress?.total ?? 0];
  const left = progress?.eta ? trans.__('%1 s left', Math.ceil(progress.eta)) : '';
  return (
    <li className="jp-envs-Job">
      <span className="jp-envs-Job-name">{job.name || job.action || job.kind}</span>
      <Button
        minimal
        small
        title={trans.__('Cancel')}
        aria-label={trans.__('Cancel the change of %1', job.name)}
        disabled={job.cancel_requested}
        onClick={() => props.onCancel(job.id)}
      >
        <closeIcon.react tag="span" />
      </Button>
      <progress aria-label={job.name} {...(total > 0 ? { value: done, max: total } : {})} />
      <span className="jp-envs-Job-phase">{[progress?.text || progress?.phase, left].filter(Boolean).join(' · ')}</span>
    </li>
  );
}

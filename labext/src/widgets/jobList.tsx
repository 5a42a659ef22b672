/** Jobs: those that run with their progress, and those that have ended. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, caretDownIcon, caretRightIcon, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { AgainAction } from '../models/notices';
import type { IProgress } from '../models/progress';
import type { IProblem } from '../services/errors';
import type { IJob } from '../services/jobs/interfaces';
import { Again } from './again';
import { formatAgo } from './format';
import { jobTitle, numbersText, phaseText } from './jobText';

export interface IJobListProps {
  readonly live: readonly IJob[];
  readonly past: readonly IJob[];
  readonly problem: IProblem | null;
  readonly unfolded: boolean;
  readonly progressOf: (id: string) => IProgress | null;
  readonly trans: TranslationBundle;
  readonly onUnfold: (unfolded: boolean) => void;
  readonly onCancel: (id: string) => void;
  readonly onLog: (id: string) => void;
  readonly againOf: (job: IJob) => AgainAction | null;
  readonly onAgain: (id: string) => void;
}

export function JobList(props: IJobListProps): JSX.Element {
  const { live, past, trans } = props;
  const Caret = props.unfolded ? caretDownIcon : caretRightIcon;
  return (
    <section className="jp-envs-Jobs" aria-label={trans.__('Changes')}>
      {live.length > 0 && (
        <ul className="jp-envs-Jobs-live" aria-label={trans.__('Running changes')}>
          {live.map(job => (
            <LiveJob key={job.id} job={job} progress={props.progressOf(job.id)} {...props} />
          ))}
        </ul>
      )}
      {props.problem && live.length > 0 && <p className="jp-envs-Jobs-problem">{props.problem.message}</p>}
      <button
        type="button"
        className="jp-envs-Group-title"
        aria-expanded={props.unfolded}
        onClick={() => props.onUnfold(!props.unfolded)}
      >
        <Caret.react tag="span" />
        <span>{trans.__('Past changes')}</span>
        <span className="jp-envs-Group-count">{past.length}</span>
      </button>
      {props.unfolded && <PastJobs {...props} />}
    </section>
  );
}

export interface ILiveJobProps extends Pick<IJobListProps, 'trans' | 'onCancel' | 'onLog'> {
  readonly job: IJob;
  readonly progress: IProgress | null;
}

/** A job that runs, as an item of a list. */
export function LiveJob(props: ILiveJobProps): JSX.Element {
  const { job, progress, trans } = props;
  const title = jobTitle(job, trans);
  return (
    <li className="jp-envs-Job" data-job={job.id}>
      <span className="jp-envs-Job-title" title={job.command || title}>
        {title}
      </span>
      <Button minimal small className="jp-envs-Job-log" onClick={() => props.onLog(job.id)}>
        {trans.__('Log')}
      </Button>
      <Button
        minimal
        small
        title={trans.__('Cancel')}
        aria-label={trans.__('Cancel: %1', title)}
        disabled={job.cancel_requested}
        onClick={() => props.onCancel(job.id)}
      >
        <closeIcon.react tag="span" />
      </Button>
      <ProgressBar label={title} fraction={progress?.fraction ?? null} />
      <span className="jp-envs-Job-phase">
        <span>{phaseText(progress, job, trans)}</span>
        <span className="jp-envs-Job-numbers">{numbersText(progress, trans)}</span>
      </span>
    </li>
  );
}

/** A bar; without a fraction it only says that something goes on. */
export function ProgressBar(props: { label: string; fraction: number | null }): JSX.Element {
  const percent = props.fraction === null ? undefined : Math.round(props.fraction * 100);
  return (
    <div
      className="jp-envs-Progress"
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      data-unknown={percent === undefined}
    >
      <div style={{ width: percent === undefined ? undefined : `${percent}%` }} />
    </div>
  );
}

function PastJobs(props: IJobListProps): JSX.Element {
  const { past, trans } = props;
  if (past.length === 0) {
    return <p className="jp-envs-Note">{trans.__('Nothing has been changed yet.')}</p>;
  }
  const now = Date.now() / 1000;
  return (
    <ul className="jp-envs-Jobs-past" aria-label={trans.__('Past changes')}>
      {past.map(job => (
        <li key={job.id} data-job={job.id}>
          <button
            type="button"
            className="jp-envs-PastJob"
            data-state={job.state}
            title={job.error?.message || job.command}
            aria-label={trans.__('%1; show its log', jobTitle(job, trans))}
            onClick={() => props.onLog(job.id)}
          >
            <span className="jp-envs-PastJob-title">{jobTitle(job, trans)}</span>
            <span className="jp-envs-PastJob-time">{formatAgo(job.ended_at ?? job.created_at, now)}</span>
          </button>
          <Again job={job} action={props.againOf(job)} trans={trans} onAgain={props.onAgain} />
        </li>
      ))}
    </ul>
  );
}

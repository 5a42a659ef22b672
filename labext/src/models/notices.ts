/** Whether the end of a job is told in a notification, how loud, and with which buttons. Pure; knows no text. */

import { IJob, waitsForYes } from '../services/jobs/interfaces';
import type { IChangeRequest } from '../services/plans/interfaces';
import { findConflict } from '../services/plans/validate';
import { builtPackages, wasBuiltBefore } from './built';
import { isForbidden } from './refusals';

export type Notify = 'all' | 'problems' | 'none';
/** What helps after a change that was not made: ask again, or choose one of the fixes of a conflict. */
export type AgainAction = 'retry' | 'fix';
export type NoticeAction = AgainAction | 'notebook' | 'open' | 'undo' | 'log' | 'built' | 'rebuild';

export interface INotice {
  readonly type: 'success' | 'error' | 'warning' | 'info';
  readonly actions: readonly NoticeAction[];
}

const QUIET_KINDS = ['plan', 'compile'];
const MAKING = ['create', 'clone'];
const UNDOABLE = ['install', 'remove', 'update', 'restore', 'undo'];

/** Decide what is said about a job that has ended; `request` is what was asked for in it, if that is known. */
export function noticeOf(job: IJob, request: IChangeRequest | null, notify: Notify): INotice | null {
  if (notify === 'none' || QUIET_KINDS.includes(job.kind)) {
    return null;
  }
  if (waitsForYes(job)) {
    return null;
  }
  if (job.state === 'done') {
    return notify === 'all' ? { type: 'success', actions: actionsOfSuccess(job) } : null;
  }
  const action = againOf(job, request);
  const again: NoticeAction[] = action ? [action] : [];
  if (job.state === 'cancelled') {
    return notify === 'all' ? { type: 'info', actions: again } : null;
  }
  return { type: job.state === 'interrupted' ? 'warning' : 'error', actions: [...again, 'log'] };
}

/** Decide what helps after a job that has ended; `null` when nothing does, or nobody knows what was asked for. */
export function againOf(job: IJob, request: IChangeRequest | null): AgainAction | null {
  if (job.state === 'done' || !request || isForbidden(job.error)) {
    return null;
  }
  return job.state === 'failed' && findConflict(job.error?.detail) ? 'fix' : 'retry';
}

function actionsOfSuccess(job: IJob): NoticeAction[] {
  if (job.kind === 'build') {
    const again: NoticeAction[] = wasBuiltBefore(job) ? ['rebuild'] : [];
    return builtPackages(job).length > 0 ? ['built', ...again, 'log'] : ['log'];
  }
  if (MAKING.includes(job.action)) {
    return job.result?.kernels.length ? ['notebook', 'open'] : ['open'];
  }
  return UNDOABLE.includes(job.action) && job.result?.changed.length ? ['undo'] : [];
}

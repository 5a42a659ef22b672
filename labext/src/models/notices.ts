/** Whether the end of a job is told in a notification, how loud, and with which buttons. Pure; knows no text. */

import { IJob, waitsForYes } from '../services/jobs/interfaces';
import type { IChangeRequest } from '../services/plans/interfaces';
import { findConflict } from '../services/plans/validate';
import { builtPackages } from './built';

export type Notify = 'all' | 'problems' | 'none';
export type NoticeAction = 'notebook' | 'open' | 'undo' | 'retry' | 'fix' | 'log' | 'built';

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
  const again: NoticeAction[] = request ? ['retry'] : [];
  if (job.state === 'cancelled') {
    return notify === 'all' ? { type: 'info', actions: again } : null;
  }
  if (job.state === 'interrupted') {
    return { type: 'warning', actions: [...again, 'log'] };
  }
  const isConflict = request !== null && findConflict(job.error?.detail) !== null;
  return { type: 'error', actions: [...(isConflict ? (['fix'] as const) : again), 'log'] };
}

function actionsOfSuccess(job: IJob): NoticeAction[] {
  if (job.kind === 'build') {
    return builtPackages(job).length > 0 ? ['built', 'log'] : ['log'];
  }
  if (MAKING.includes(job.action)) {
    return job.result?.kernels.length ? ['notebook', 'open'] : ['open'];
  }
  return UNDOABLE.includes(job.action) && job.result?.changed.length ? ['undo'] : [];
}

/** How far a job is: a part of the whole for a bar, and the numbers beside it. Pure. */

import type { IJobEvent } from '../services/jobs/interfaces';

/** The phases in their order, with their usual share of the time. `compile` runs after the change. */
const SHARES: readonly (readonly [string, number])[] = [
  ['solve', 10],
  ['fetch', 45],
  ['extract', 20],
  ['link', 15],
  ['scripts', 3],
  ['commit', 2],
  ['kernels', 2],
  ['compile', 3]
];
const WHOLE = SHARES.reduce((sum, [, share]) => sum + share, 0);

/** What the last event of a job says. */
export interface IProgress {
  readonly phase: string;
  readonly text: string;
  /** Of the whole job, from 0 to 1; `null` when nothing is known. */
  readonly fraction: number | null;
  readonly done: number;
  readonly total: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Seconds that are left of the phase; `null` when nothing is known. */
  readonly secondsLeft: number | null;
}

/** Read the progress out of an event. */
export function progressOfEvent(event: IJobEvent): IProgress {
  return {
    phase: event.phase,
    text: event.text,
    fraction: fractionOf(event),
    done: event.done,
    total: event.total,
    doneBytes: event.done_bytes,
    totalBytes: event.total_bytes,
    secondsLeft: event.eta
  };
}

/** Return the later of two, never going back: a phase that begins again must not move the bar to the left. */
export function further(before: IProgress | null, after: IProgress): IProgress {
  const fractions = [before?.fraction, after.fraction].filter((value): value is number => typeof value === 'number');
  return { ...after, fraction: fractions.length > 0 ? Math.max(...fractions) : null };
}

function fractionOf(event: IJobEvent): number | null {
  const index = SHARES.findIndex(([phase]) => phase === event.phase);
  if (index < 0) {
    return null;
  }
  const before = SHARES.slice(0, index).reduce((sum, [, share]) => sum + share, 0);
  return (before + SHARES[index]![1] * withinPhase(event)) / WHOLE;
}

function withinPhase(event: IJobEvent): number {
  const [done, total] = event.total_bytes > 0 ? [event.done_bytes, event.total_bytes] : [event.done, event.total];
  return total > 0 ? Math.min(done / total, 1) : 0;
}

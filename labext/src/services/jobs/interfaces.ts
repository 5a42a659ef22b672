/** Jobs: changes that run apart from the browser and from the server, and what they tell while they run. */

import type { IProblem } from '../errors';
import type { IChangeRequest } from '../plans/interfaces';

export const JOB_STATES = ['queued', 'running', 'done', 'failed', 'cancelled', 'interrupted'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** A package that a build made, or found made. */
export interface IBuiltPackage {
  /** `name-version-build`. */
  readonly dist: string;
  readonly state: string;
}

/** What a job came to; which fields there are depends on its kind. */
export interface IJobResult {
  readonly plan_id: string;
  readonly executed: boolean;
  readonly prefix: string;
  readonly generation: number | null;
  readonly kernels: readonly string[];
  /** The kernels that a renamed environment had before: they are gone. */
  readonly old_kernels: readonly string[];
  readonly changed: readonly string[];
  /** Of an install: the requests that were not there before. */
  readonly asked: readonly string[];
  readonly messages: readonly string[];
  /** Of a build: the channel that packages went to, and the packages. */
  readonly channel: string;
  readonly built: readonly IBuiltPackage[];
}

/** One job. Times are seconds since 1970. */
export interface IJob {
  readonly id: string;
  readonly kind: string;
  readonly state: JobState;
  readonly action: string;
  readonly environment: string | null;
  /** The prefix that it is about; for a rename the one before it. */
  readonly path: string;
  readonly name: string;
  readonly command: string;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly cancel_requested: boolean;
  /** What asks for the change again; `null` where that cannot be said, or may not be read here. */
  readonly request: IChangeRequest | null;
  readonly error: IProblem | null;
  readonly result: IJobResult | null;
}

/** One line of a job's stream. */
export interface IJobEvent {
  readonly seq: number;
  readonly time: number;
  readonly kind: string;
  readonly phase: string;
  readonly text: string;
  readonly hint: string;
  readonly done: number;
  readonly total: number;
  readonly done_bytes: number;
  readonly total_bytes: number;
  readonly eta: number | null;
}

/** What is new in a job's stream, and the job as it is now. */
export interface IJobNews {
  readonly events: readonly IJobEvent[];
  readonly job: IJob;
}

/** A piece of a job's log; `next` is where the following one begins, in bytes. */
export interface ILogPiece {
  readonly text: string;
  readonly next: number;
}

/** The jobs resource. */
export interface IJobsApi {
  list(limit: number): Promise<IJob[]>;
  cancel(id: string): Promise<IJob>;
  news(id: string, since: number): Promise<IJobNews>;
  log(id: string, since: number): Promise<ILogPiece>;
}

/** Whether nothing more will happen to a job. */
export function hasEnded(job: IJob): boolean {
  return job.state !== 'queued' && job.state !== 'running';
}

/** Whether a change was planned and then not carried out, since a person has to agree to something first. */
export function waitsForYes(job: IJob): boolean {
  return job.state === 'done' && (job.kind === 'change' || job.kind === 'execute') && job.result?.executed === false;
}

/** What went wrong, as the server tells it: a sentence, a hint that works, a stable code, and facts for programs. */

import { Fields } from './fields';

/** The server's account of an error. */
export interface IProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly detail: unknown;
}

/** A request that was refused, or a server that could not be reached (`status` 0). */
export class RequestError extends Error implements IProblem {
  constructor(problem: IProblem, status: number) {
    super(problem.message);
    this.name = 'RequestError';
    this.code = problem.code;
    this.hint = problem.hint;
    this.detail = problem.detail;
    this.status = status;
  }

  readonly code: string;
  readonly hint: string;
  readonly detail: unknown;
  readonly status: number;
}

/** Read an error of the server or of a job. */
export function readProblem(value: unknown, where = 'error'): IProblem {
  const fields = new Fields(value, where);
  return {
    code: fields.text('code', 'error'),
    message: fields.text('message'),
    hint: fields.text('hint', ''),
    detail: fields.maybe('detail', detail => detail)
  };
}

/** Any thrown value as a problem that can be shown. */
export function asProblem(error: unknown): IProblem {
  if (error instanceof RequestError) {
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'error', message, hint: '', detail: null };
}

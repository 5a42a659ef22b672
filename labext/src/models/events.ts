/** What an event of the server is a reason to read again. Pure: an event is a hint only, nothing in it is believed. */

export type Reading = 'jobs' | 'environments' | 'kernels';

const JOB_SCHEMA = 'https://events.jupyter.org/jupyter_envs/job/v1';
const ENVIRONMENT_SCHEMA = 'https://events.jupyter.org/jupyter_envs/environment/v1';
/** Jobs that leave every environment as it is. */
const HARMLESS: readonly unknown[] = ['plan', 'compile'];

/** The readings that an event asks for; none for an event of somebody else. */
export function readingsAfter(event: { readonly [name: string]: unknown }): readonly Reading[] {
  switch (event['schema_id']) {
    case JOB_SCHEMA:
      // Whether an environment is busy is told by its jobs.
      return HARMLESS.includes(event['kind']) ? ['jobs'] : ['jobs', 'environments'];
    case ENVIRONMENT_SCHEMA:
      return event['change'] === 'kernels' ? ['kernels', 'environments'] : ['environments'];
    default:
      return [];
  }
}

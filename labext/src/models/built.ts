/** What a build made, as requests: exactly that package, from the channel it was put into before all others. Pure. */

import type { IBuiltPackage, IJob } from '../services/jobs/interfaces';
import type { IChangeRequest } from '../services/plans/interfaces';

const INSTALLABLE = ['built', 'present'];

/** The packages of a build that can be installed. */
export function builtPackages(job: IJob): readonly IBuiltPackage[] {
  return (job.result?.built ?? []).filter(each => INSTALLABLE.includes(each.state));
}

/** The request that names exactly this package; builds of one version can differ, and a new one must replace an old. */
export function specOf(built: IBuiltPackage): string {
  const [build, version, ...name] = built.dist.split('-').reverse();
  return `${name.reverse().join('-')}=${version}=${build}`;
}

/** Ask for a package of a build; `channels` are the server's own, which bring what it needs. */
export function installBuilt(job: IJob, built: IBuiltPackage, environment: string, channels: readonly string[]): IChangeRequest {
  const channel = job.result?.channel ?? '';
  return { action: 'install', environment, specs: [specOf(built)], channels: [channel, ...channels.filter(other => other !== channel)] };
}

/** What a build made, as requests: exactly that package, from the channel it was put into before all others. Pure. */

import type { IBuiltPackage, IJob } from '../services/jobs/interfaces';
import type { IChangeRequest } from '../services/plans/interfaces';
import type { ICreateStart } from './creating';

const INSTALLABLE = ['built', 'present'];

/** The packages of a build that can be installed. */
export function builtPackages(job: IJob): readonly IBuiltPackage[] {
  return (job.result?.built ?? []).filter(each => INSTALLABLE.includes(each.state));
}

/** Whether a build made nothing, since all its packages were in the channel. */
export function wasBuiltBefore(job: IJob): boolean {
  const packages = builtPackages(job);
  return packages.length > 0 && packages.every(each => each.state === 'present');
}

/** The request that names exactly this package; builds of one version can differ, and a new one must replace an old. */
export function specOf(built: IBuiltPackage): string {
  const [build, version] = built.dist.split('-').reverse();
  return `${nameOf(built)}=${version}=${build}`;
}

/** What can be installed at once: everything, unless two are builds of one package, then each by itself. */
export function choicesOf(packages: readonly IBuiltPackage[]): readonly (readonly IBuiltPackage[])[] {
  const single = packages.map(each => [each]);
  const names = new Set(packages.map(nameOf));
  return packages.length > 1 && names.size === packages.length ? [packages, ...single] : single;
}

/** Ask for packages of a build; `channels` are the server's own, which bring what they need. */
export function installBuilt(
  job: IJob,
  packages: readonly IBuiltPackage[],
  environment: string,
  channels: readonly string[]
): IChangeRequest {
  return { action: 'install', environment, ...askedFor(job, packages, channels) };
}

/** What a form for a new environment begins with: packages of a build, the channel that they are in, a name after them. */
export function createWithBuilt(job: IJob, packages: readonly IBuiltPackage[], channels: readonly string[]): ICreateStart {
  return { name: packages.length === 1 ? nameOf(packages[0]!) : job.name, ...askedFor(job, packages, channels) };
}

function askedFor(
  job: IJob,
  packages: readonly IBuiltPackage[],
  channels: readonly string[]
): { specs: readonly string[]; channels: readonly string[] } {
  const channel = job.result?.channel ?? '';
  return { specs: packages.map(specOf), channels: [channel, ...channels.filter(other => other !== channel)] };
}

function nameOf(built: IBuiltPackage): string {
  return built.dist.split('-').slice(0, -2).join('-');
}

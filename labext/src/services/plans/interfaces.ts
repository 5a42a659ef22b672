/** Plans: what a change would do, before it is done; and conflicts: why it cannot be done. */

import type { IJob } from '../jobs/interfaces';

export const ACTIONS = ['create', 'install', 'remove', 'update', 'restore', 'undo', 'clone', 'repair'] as const;
export type Action = (typeof ACTIONS)[number];

/** What a person asks for; left out fields mean the server's own settings. */
export interface IChangeRequest {
  readonly action: Action;
  readonly environment?: string | null;
  readonly name?: string | null;
  readonly specs?: readonly string[];
  readonly channels?: readonly string[] | null;
  readonly sources?: readonly string[] | null;
  readonly offline?: boolean;
  readonly exclude_newer?: string | null;
  readonly generation?: number | null;
  readonly clone_from?: string | null;
  readonly file?: { readonly name: string; readonly text: string } | null;
  readonly variables?: Readonly<Record<string, string>>;
  readonly add_ipykernel?: boolean;
  readonly override_frozen?: boolean;
}

/** A package in a plan. */
export interface IPlannedPackage {
  readonly version: string;
  readonly build: string;
  readonly source: string;
  readonly channel: string;
  readonly size: number;
}

/** What happens to one package. */
export interface IPackageChange {
  readonly name: string;
  readonly kind: string;
  readonly before: IPlannedPackage | null;
  readonly after: IPlannedPackage | null;
}

/** Something to see before agreeing. */
export interface IWarning {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Everything that a change will do. Sizes are bytes. */
export interface IPlan {
  readonly plan_id: string;
  readonly action: string;
  readonly name: string;
  readonly prefix: string;
  readonly changes: readonly IPackageChange[];
  readonly download_bytes: number;
  readonly disk_bytes: number;
  /** What the packages that go give back; what the package cache shares with them stays. */
  readonly freed_bytes: number;
  readonly warnings: readonly IWarning[];
  readonly link_scripts: readonly string[];
  /** How many packages are not downloaded yet and may bring scripts. */
  readonly scripts_unknown: number;
  readonly requested: readonly string[];
  readonly command: string;
  readonly created_at: string;
  readonly stale: boolean;
}

/** What a request needs of a package that the requests disagree about. */
export interface INeed {
  readonly request: string;
  readonly name: string;
  readonly spec: string;
  readonly chain: readonly string[];
  readonly available: boolean;
  readonly reason: string;
}

/** A change of the requests that was tried and works. */
export interface IFix {
  readonly kind: 'widen' | 'python' | 'drop' | 'unpin';
  readonly request: string;
  readonly replacement: string;
  readonly also: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
}

/** A name that no source has. */
export interface IUnknownName {
  readonly text: string;
  readonly name: string;
  readonly suggestions: readonly string[];
  readonly reason: string;
}

/** Why requests cannot go together. */
export interface IConflict {
  readonly requests: readonly { readonly text: string; readonly name: string; readonly kind: string }[];
  readonly needs: readonly INeed[];
  readonly fixes: readonly IFix[];
  readonly unknown: readonly IUnknownName[];
  readonly hint: string;
  readonly solver_text: string;
}

/** The plans and changes resources. */
export interface IPlansApi {
  plan(request: IChangeRequest): Promise<IJob>;
  get(planId: string): Promise<IPlan>;
  /** `knownScripts`: do nothing, and say so in the job's result, when packages bring scripts that the plan does not name. */
  execute(planId: string, knownScripts?: boolean): Promise<IJob>;
  change(request: IChangeRequest): Promise<IJob>;
}

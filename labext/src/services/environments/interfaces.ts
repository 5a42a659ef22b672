/** Environments, their packages, generations and findings, as the server tells them. */

import type { IJob } from '../jobs/interfaces';

/** One line of the list of environments. */
export interface IEnvironment {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly kind: string;
  readonly python: string | null;
  readonly packages: number;
  readonly has_ipykernel: boolean;
  readonly broken: boolean;
  readonly frozen: boolean;
  readonly external: boolean;
  readonly busy: boolean;
  readonly interrupted: boolean;
  readonly active: boolean;
  readonly writable: boolean;
  readonly modified: number;
  readonly generation: number;
  readonly problem: string;
  readonly kernels: readonly string[];
  readonly job: string | null;
  /** Bytes that only it takes; `null` while they have not been measured. */
  readonly size: number | null;
}

/** One environment with what it was asked to hold. */
export interface IEnvironmentDetails extends IEnvironment {
  readonly requested: readonly string[];
  readonly channels: readonly string[];
  readonly sources: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly pinned: readonly string[];
}

/** One installed package. Sizes are bytes. */
export interface IPackage {
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly subdir: string;
  readonly source: string;
  readonly channel: string;
  readonly size: number;
  readonly requested: boolean;
  readonly spec: string;
  readonly license: string;
  readonly depends: readonly string[];
  readonly noarch: string;
  readonly summary: string;
}

/** A newer version that a package's own source offers. */
export interface IUpdate {
  readonly name: string;
  readonly installed: string;
  readonly newest: string;
  readonly source: string;
}

/** Newer versions; `complete` is false while some source has not answered. */
export interface IUpdates {
  readonly updates: readonly IUpdate[];
  readonly complete: boolean;
}

/** What happened to one package from one generation to the next. */
export interface IGenerationChange {
  readonly name: string;
  readonly kind: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** One state of an environment; `created_at` is ISO 8601. */
export interface IGeneration {
  readonly number: number;
  readonly action: string;
  readonly command: string;
  readonly created_at: string;
  readonly restores: number | null;
  readonly packages: number;
  readonly changes: readonly IGenerationChange[];
}

/** All generations, and which one is the present. */
export interface IHistory {
  readonly generations: readonly IGeneration[];
  readonly current: number;
}

export const FIX_ACTIONS = ['repair', 'recover', 'kernels', 'install', 'forget'] as const;

/** What mends a finding. */
export interface IFindingFix {
  readonly action: (typeof FIX_ACTIONS)[number];
  readonly specs: readonly string[];
}

/** One thing that is not as it should be; `fix` is `null` when only a person can mend it. */
export interface IFinding {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'note';
  readonly message: string;
  readonly hint: string;
  readonly path: string;
  readonly package: string;
  readonly fix: IFindingFix | null;
}

/** What an environment takes on the disk, in bytes; `shared` is linked from the package cache. */
export interface IDiskUsage {
  readonly total: number;
  readonly unique: number;
  readonly shared: number;
  readonly apparent: number;
  readonly files: number;
}

/** A module that a kernel imported and whose package is another one now; `null` when it was not there, or is gone. */
export interface IStaleModule {
  readonly module: string;
  readonly package: string;
  readonly before: string | null;
  readonly after: string | null;
}

export const EXPORT_FORMATS = ['yaml', 'explicit', 'pixi', 'requirements'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** An environment as the text of a file. */
export interface IExport {
  readonly format: string;
  readonly text: string;
  readonly filename: string;
}

/** One kernel that is registered for an environment; `kernel` is the file in it that the kernel starts from. */
export interface IKernel {
  readonly name: string;
  readonly display_name: string;
  readonly language: string;
  readonly kernel: string;
}

/** The kernels of an environment, the variables they start with, and what to know of them. */
export interface IKernels {
  readonly kernels: readonly IKernel[];
  readonly variables: Readonly<Record<string, string>>;
  readonly warnings: readonly { readonly code: string; readonly message: string; readonly hint: string }[];
}

/** The environments resource. */
export interface IEnvironmentsApi {
  list(): Promise<IEnvironment[]>;
  get(id: string): Promise<IEnvironmentDetails>;
  rename(id: string, name: string): Promise<IJob>;
  remove(id: string): Promise<IJob>;
  packages(id: string): Promise<IPackage[]>;
  why(id: string, name: string): Promise<string[][]>;
  updates(id: string): Promise<IUpdates>;
  history(id: string): Promise<IHistory>;
  compare(id: string, from: number, to: number): Promise<IGenerationChange[]>;
  verify(id: string): Promise<IFinding[]>;
  doctor(id: string): Promise<IFinding[]>;
  /** Mend something; `null` when it is done already, else the job that does it. */
  fix(id: string, fix: IFindingFix): Promise<IJob | null>;
  disk(id: string): Promise<IDiskUsage>;
  staleModules(id: string, modules: readonly string[], since: number): Promise<IStaleModule[]>;
  export(id: string, format: ExportFormat, exact?: boolean): Promise<IExport>;
  kernels(id: string): Promise<IKernels>;
  registerKernels(id: string): Promise<IKernels>;
  removeKernels(id: string): Promise<void>;
}

/** What can be installed: names, versions, sources, and which package an import comes from. */

/** A name that was found. */
export interface IFound {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly channel: string;
  readonly installed: string | null;
  readonly summary: string;
}

/** A source that does not answer, and why. */
export interface ISourceProblem {
  readonly channel: string;
  readonly message: string;
}

/** Names that fit a text; `complete` is false while some source has not answered, `problems` say which and why. */
export interface ISearchAnswer {
  readonly problems: readonly ISourceProblem[];
  readonly results: readonly IFound[];
  readonly complete: boolean;
}

/** One version that can be installed; `timestamp` is milliseconds since 1970. */
export interface IVersion {
  readonly version: string;
  readonly build: string;
  readonly source: string;
  readonly channel: string;
  readonly size: number;
  readonly timestamp: number | null;
  readonly license: string;
  readonly depends: readonly string[];
}

/** One package with the versions that can be installed, newest first. */
export interface IPackageVersions {
  readonly name: string;
  readonly summary: string;
  readonly versions: readonly IVersion[];
}

/** Where packages come from, and where environments are. */
export interface ISources {
  readonly channels: readonly string[];
  readonly sources: readonly string[];
  readonly offline: boolean;
  readonly subdir: string;
  readonly root: string;
  /** Channels that do not answer. */
  readonly problems: readonly ISourceProblem[];
}

/** The package that brings a module, by the spelling of the first source that has it, and other packages that may. */
export interface IModuleOwner {
  readonly package: string;
  readonly alternatives: readonly string[];
}

/** What a file of requests asks for. */
export interface IParsedFile {
  readonly format: string;
  readonly name: string;
  readonly channels: readonly string[];
  readonly specs: readonly string[];
  readonly pip_specs: readonly string[];
  readonly records: number;
  readonly warnings: readonly string[];
}

/** The search, packages, sources, modules and exchange resources. */
export interface ICatalogueApi {
  search(text: string, environment: string | null): Promise<ISearchAnswer>;
  package(name: string, source: string, environment: string | null): Promise<IPackageVersions>;
  sources(): Promise<ISources>;
  ownerOf(module: string, environment: string | null): Promise<IModuleOwner>;
  parse(name: string, text: string): Promise<IParsedFile>;
}

/** A new environment on its way: what was filled in, what is wrong with it, and the request that it makes. */

import type { IApi } from '../services';
import type { IParsedFile, IVersion } from '../services/catalogue/interfaces';
import { IProblem, asProblem } from '../services/errors';
import type { IEnvironment } from '../services/environments/interfaces';
import type { IJob } from '../services/jobs/interfaces';
import type { IChangeRequest } from '../services/plans/interfaces';
import { Model } from './base';
import type { EnvironmentsModel } from './environments';
import type { JobsModel } from './jobs';
import { NameProblem, freeName, problemOfName } from './names';
import { PlanningModel } from './planning';
import { nameOfSpec } from './specs';
import { SuggestionsModel } from './suggestions';

export type CreateMode = 'packages' | 'file' | 'clone';
/** `newest` is the newest that fits the packages, `none` no Python at all, else a request such as `python=3.12`. */
export type PythonChoice = string;

/** A Python that can be asked for. */
export interface IPython {
  readonly minor: string;
  /** Whether only an interpreter of this machine is of this version, which the environment then borrows. */
  readonly borrowed: boolean;
  readonly spec: string;
}

const DEFAULT_NAME = 'environment';

export interface IFile {
  readonly name: string;
  readonly text: string;
}

/** What can be given beforehand. */
export interface ICreateStart {
  readonly name?: string;
  readonly specs?: readonly string[];
  /** Where packages come from, when not only from the server's own channels. */
  readonly channels?: readonly string[];
  readonly file?: IFile;
  readonly clone_from?: string;
}

/** What the models around give. */
export interface ICreateContext {
  readonly api: IApi;
  readonly environments: EnvironmentsModel;
  readonly jobs: JobsModel;
}

/** The form, and the plan that is made of it. */
export class CreateModel extends Model {
  constructor(
    private readonly _context: ICreateContext,
    start: ICreateStart = {}
  ) {
    super();
    this.planning = new PlanningModel(_context.api.plans, _context.jobs);
    this.suggestions = new SuggestionsModel(_context.api.catalogue);
    for (const part of [this.planning, this.suggestions, _context.environments]) {
      (part as Model).changed.connect(this.emitChanged, this);
    }
    this._name = start.name ?? '';
    this._specs = start.specs ?? [];
    this._channels = start.channels ?? [];
    this._origin = start.clone_from ?? '';
    this._mode = start.file ? 'file' : start.clone_from ? 'clone' : 'packages';
    this._proposeName(this.origin ? `${this.origin.name}-copy` : '');
    if (start.file) {
      void this.setFile(start.file);
    }
    void this._readPythons();
  }

  readonly planning: PlanningModel;
  readonly suggestions: SuggestionsModel;

  get mode(): CreateMode {
    return this._mode;
  }
  set mode(value: CreateMode) {
    this._mode = value;
    this.emitChanged();
  }

  get name(): string {
    return this._name;
  }
  set name(value: string) {
    this._name = value;
    this._named = true;
    this.emitChanged();
  }

  get nameProblem(): NameProblem | null {
    return problemOfName(this._name, this._taken);
  }

  /** Whether the person has typed in the name's field: before that, nobody wants to read that it is empty. */
  get isNamed(): boolean {
    return this._named;
  }

  get specs(): readonly string[] {
    return this._specs;
  }
  set specs(value: readonly string[]) {
    this._specs = value;
    this.emitChanged();
  }

  /** The Pythons to choose from; `null` until they are known. */
  get pythons(): readonly IPython[] | null {
    return this._pythons;
  }

  get python(): PythonChoice {
    return this._python;
  }
  set python(value: PythonChoice) {
    this._python = value;
    this.emitChanged();
  }

  /** Whether a request already says which Python: then there is nothing to choose. */
  get asksForPython(): boolean {
    return this._specs.some(spec => nameOfSpec(spec) === 'python');
  }

  get withKernel(): boolean {
    return this._withKernel && (this._mode !== 'packages' || this._python !== 'none');
  }
  set withKernel(value: boolean) {
    this._withKernel = value;
    this.emitChanged();
  }

  get file(): IFile | null {
    return this._file;
  }
  /** What the file asks for; `null` until that is known. */
  get parsed(): IParsedFile | null {
    return this._parsed;
  }
  get fileProblem(): IProblem | null {
    return this._fileProblem;
  }

  /** The environments that can be copied. */
  get origins(): readonly IEnvironment[] {
    return this._context.environments.environments ?? [];
  }
  /** The environment that is copied. */
  get origin(): IEnvironment | null {
    return this._origin ? this._context.environments.find(this._origin) : null;
  }

  setOrigin(id: string): void {
    this._origin = id;
    this._proposeName(this.origin ? `${this.origin.name}-copy` : '');
    this.emitChanged();
  }

  /** Take a file and let the server read it; `null` takes it away. */
  async setFile(file: IFile | null): Promise<void> {
    this._file = file;
    this._parsed = null;
    this._fileProblem = null;
    this.emitChanged();
    if (!file) {
      return;
    }
    try {
      const parsed = await this._context.api.catalogue.parse(file.name, file.text);
      if (file === this._file) {
        this._parsed = parsed;
        this._proposeName(parsed.name || stem(file.name));
      }
    } catch (error) {
      if (file === this._file) {
        this._fileProblem = asProblem(error);
      }
    }
    this.emitChanged();
  }

  /** Whether everything is there that a plan needs. */
  get isComplete(): boolean {
    const ready = { packages: true, file: this._parsed !== null, clone: this.origin !== null };
    return this.nameProblem === null && ready[this._mode];
  }

  /** The request that the form makes. */
  get request(): IChangeRequest {
    const common = { name: this._name };
    if (this._mode === 'clone') {
      return { ...common, action: 'clone', clone_from: this._origin };
    }
    if (this._mode === 'file') {
      return { ...common, action: 'create', file: this._file, add_ipykernel: this.withKernel };
    }
    const channels = this._channels.length > 0 ? { channels: this._channels } : {};
    return { ...common, ...channels, action: 'create', specs: this._allSpecs(), add_ipykernel: this.withKernel };
  }

  /** Plan what the form asks for. */
  preview(): Promise<void> {
    return this.isComplete ? this.planning.preview(this.request) : Promise.resolve();
  }

  /** Create it; `null` when that was refused. */
  apply(): Promise<IJob | null> {
    return this.planning.apply();
  }

  /** Go back to the form; what fixes have changed stays. */
  back(): void {
    const specs = this.planning.request?.specs;
    if (this._mode === 'packages' && specs) {
      this._specs = specs.filter(spec => spec !== this._pythonSpec());
    }
    this.planning.discard();
  }

  override dispose(): void {
    this.planning.dispose();
    this.suggestions.dispose();
    super.dispose();
  }

  private get _taken(): string[] {
    const own = this.origins.filter(environment => !environment.external);
    return own.map(environment => environment.name);
  }

  private _allSpecs(): readonly string[] {
    const python = this._pythonSpec();
    return python ? [python, ...this._specs] : this._specs;
  }

  /** A kernel needs a Python, and an environment without any request gets the newest. */
  private _pythonSpec(): string {
    if (this.asksForPython || this._python === 'none') {
      return '';
    }
    if (this._python !== 'newest') {
      return this._python;
    }
    return this._specs.length === 0 ? 'python' : '';
  }

  private _proposeName(text: string): void {
    if (!this._named && (!this._name || text)) {
      this._name = freeName(text || DEFAULT_NAME, this._taken);
    }
  }

  private async _readPythons(): Promise<void> {
    try {
      const { versions } = await this._context.api.catalogue.package('python', '', null);
      this._pythons = pythonsOf(versions);
    } catch {
      this._pythons = []; // a version can still be typed among the packages
    }
    this.emitChanged();
  }

  private _mode: CreateMode = 'packages';
  private _name = '';
  private _named = false;
  private _specs: readonly string[] = [];
  private readonly _channels: readonly string[];
  private _pythons: readonly IPython[] | null = null;
  private _python: PythonChoice = 'newest';
  private _withKernel = true;
  private _file: IFile | null = null;
  private _parsed: IParsedFile | null = null;
  private _fileProblem: IProblem | null = null;
  private _origin = '';
}

/** The distinct `major.minor` of versions, the newest first. A channel's Python comes before one that is borrowed. Pure. */
export function pythonsOf(versions: readonly Pick<IVersion, 'version' | 'source'>[]): IPython[] {
  const borrowed = new Map<string, boolean>();
  for (const { version, source } of versions) {
    const minor = /^\d+\.\d+/.exec(version)?.[0];
    if (minor) {
      borrowed.set(minor, (borrowed.get(minor) ?? true) && source === 'interpreter');
    }
  }
  const number = (minor: string): number => Number(minor.split('.')[0]) * 1000 + Number(minor.split('.')[1]);
  return [...borrowed]
    .sort(([left], [right]) => number(right) - number(left))
    .map(([minor, isBorrowed]) => ({
      minor,
      borrowed: isBorrowed,
      spec: isBorrowed ? `interpreter::python=${minor}` : `python=${minor}`
    }));
}

function stem(path: string): string {
  const name = path.split('/').pop() ?? path;
  return name.replace(/\.(ya?ml|txt|lock|toml)$/i, '').replace(/^(environment|requirements|conda-lock|pixi)$/i, '');
}

/** The kernel of one notebook: what it is, where it runs, and asking it something without leaving a trace. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';

import { Model } from '../base';
import { pathOfKernel, prefixOfKernel } from '../kernels';

/** What the other models need to know of a notebook's kernel. */
export interface INotebookKernel {
  /** Differs for each kernel; empty when there is none. */
  readonly id: string;
  /** The name of its specification; empty when there is no kernel. */
  readonly name: string;
  /** The prefix of its environment; empty when its specification names none. */
  readonly path: string;
  /** The prefix that a kernel of its specification would run in now: of a shared environment the published generation. */
  readonly prefix: string;
  /** Whether Jupyter still knows the specification it was started from, as far as that has been read. */
  readonly known: boolean;
  readonly language: string;
  /** Whether it would answer at once. */
  readonly idle: boolean;
  /** Emitted when any of these may have changed. */
  readonly changed: ISignal<unknown, void>;
  /** Emitted when what it had imported is gone: it was restarted, or it is another one. */
  readonly restarted: ISignal<unknown, void>;
  /** Evaluate an expression; the text form of its value, or `null` when there is no answer. */
  evaluate(expression: string): Promise<string | null>;
}

const RESTARTING: readonly string[] = ['restarting', 'autorestarting'];

/** The kernel behind a notebook's session. */
export class NotebookKernel extends Model implements INotebookKernel {
  constructor(
    private readonly _context: ISessionContext,
    private readonly _specs: KernelSpec.IManager
  ) {
    super();
    _context.kernelChanged.connect(this._onKernel, this);
    _context.statusChanged.connect(this._onStatus, this);
    _context.disposed.connect(this.dispose, this);
    _specs.specsChanged.connect(this._onSpecs, this);
    this._remember();
  }

  get id(): string {
    return this._kernel?.id ?? '';
  }

  get name(): string {
    return this._kernel?.name ?? '';
  }

  get path(): string {
    return this._path;
  }

  get prefix(): string {
    return prefixOfKernel(this._specs.specs, this._kernel?.name);
  }

  get known(): boolean {
    const name = this._kernel?.name;
    const { specs } = this._specs;
    return name !== undefined && (!specs || specs.kernelspecs[name] !== undefined);
  }

  get language(): string {
    return this._language;
  }

  get idle(): boolean {
    return this._kernel?.status === 'idle';
  }

  get restarted(): ISignal<this, void> {
    return this._restarted;
  }

  async evaluate(expression: string): Promise<string | null> {
    try {
      const future = this._kernel?.requestExecute({
        code: '',
        silent: true,
        store_history: false,
        allow_stdin: false,
        stop_on_error: false,
        user_expressions: { value: expression }
      });
      const content = (await future?.done)?.content;
      return content?.status === 'ok' ? textOf(content.user_expressions['value']) : null;
    } catch {
      return null; // it was restarted or has gone while it was asked
    }
  }

  private get _kernel() {
    return this._context.session?.kernel ?? null;
  }

  /** A running kernel stays in the environment it was started in, also when its specification has gone. */
  private _remember(): void {
    const name = this._kernel?.name;
    const spec = name === undefined ? undefined : this._specs.specs?.kernelspecs[name];
    if (spec || name === undefined) {
      this._path = pathOfKernel(this._specs.specs, name);
      this._language = spec?.language ?? '';
    }
  }

  private _onKernel(): void {
    this._path = '';
    this._language = '';
    this._remember();
    this._restarted.emit();
    this.emitChanged();
  }

  private _onStatus(_: ISessionContext, status: string): void {
    if (RESTARTING.includes(status)) {
      this._restarted.emit();
    }
    this.emitChanged();
  }

  private _onSpecs(): void {
    this._remember();
    this.emitChanged();
  }

  private readonly _restarted = new Signal<this, void>(this);
  private _path = '';
  private _language = '';
}

function textOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('data' in value)) {
    return null;
  }
  const { data } = value;
  const text = typeof data === 'object' && data !== null ? (data as Record<string, unknown>)['text/plain'] : undefined;
  return typeof text === 'string' ? text : null;
}

/** One `NotebookKernel` for each session, shared by whoever asks. */
export class NotebookKernels {
  constructor(private readonly _specs: KernelSpec.IManager) {}

  of(context: ISessionContext): NotebookKernel {
    const known = this._kernels.get(context);
    if (known) {
      return known;
    }
    const kernel = new NotebookKernel(context, this._specs);
    this._kernels.set(context, kernel);
    return kernel;
  }

  private readonly _kernels = new WeakMap<ISessionContext, NotebookKernel>();
}

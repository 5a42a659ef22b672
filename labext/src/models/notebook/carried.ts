/** The environment that a notebook carries, when it is not the one its kernel runs in: what is offered about it. */

import { IProblem, asProblem } from '../../services/errors';
import type { INotebookAnswer, INotebookContent, INotebooksApi } from '../../services/notebooks/interfaces';
import { Model } from '../base';

const KEY = 'jupyter_envs';
const SCRIPT = /^#\s*\/\/\/\s*script\s*$/m;
const DISMISSED = 'jupyter-envs:not-built';
const MOST_REMEMBERED = 200;

/** Where it was said of which notebooks that nothing is to be offered. */
export type Memory = Pick<Storage, 'getItem' | 'setItem'>;

/** What Jupyter knows of the kernel that a notebook names. */
export interface INamedKernel {
  /** Whether there is one of that name. */
  readonly exists: boolean;
  /** The prefix of its environment; empty when it names none. */
  readonly path: string;
}

/**
 * - `use`: an environment has it all; its kernel can be chosen
 * - `build`: the environment can be built
 * - `refused`: it has packages from where the settings do not allow
 * - `beside`: files beside the notebook describe one
 */
export type OfferKind = 'use' | 'build' | 'refused' | 'beside';

/** The name of the kernel that a notebook names; empty when it names none. */
export function kernelNameOf(content: unknown): string {
  const spec = field(field(content, 'metadata'), 'kernelspec');
  const name = field(spec, 'name');
  return typeof name === 'string' ? name : '';
}

/** Whether a notebook says what it needs: by a lock, or by a script block in its first code cell. */
export function describesEnvironment(content: unknown): boolean {
  if (field(field(content, 'metadata'), KEY) !== undefined) {
    return true;
  }
  const cells = field(content, 'cells');
  const first: unknown = Array.isArray(cells) ? cells.find(cell => field(cell, 'cell_type') === 'code') : undefined;
  const source = field(first, 'source');
  return SCRIPT.test(Array.isArray(source) ? source.join('') : String(source ?? ''));
}

/** Say what is to be offered; `null`: nothing. Files beside a notebook count only where its kernel does not exist. */
export function offerOf(answer: INotebookAnswer, kernel: INamedKernel): OfferKind | null {
  if (answer.state === 'ready') {
    return kernel.exists && kernel.path === answer.prefix ? null : 'use';
  }
  if (answer.state === 'none') {
    return answer.beside.length > 0 && !kernel.exists ? 'beside' : null;
  }
  return answer.refused.length > 0 ? 'refused' : 'build';
}

/** Asks once when a notebook is opened, and again when told to; an ordinary notebook is never asked about. */
export class CarriedModel extends Model {
  constructor(
    private readonly _api: Pick<INotebooksApi, 'ask'>,
    private readonly _memory: Memory
  ) {
    super();
  }

  /** What is offered; `null` also when the person does not want it. */
  get offer(): OfferKind | null {
    return this._isDismissed ? null : this._offer;
  }

  /** Whether the person can do something about it that gives the notebook a kernel. */
  get isActionable(): boolean {
    return this.offer !== null && this.offer !== 'refused';
  }

  /** Whether there is anything to say: an offer, or why there is none. */
  get isShown(): boolean {
    return this.offer !== null || (this._problem !== null && !this._isDismissed);
  }

  /** What the server said; there is one where there is an offer. */
  get answer(): INotebookAnswer | null {
    return this._answer;
  }

  /** Why what the notebook carries cannot be read. */
  get problem(): IProblem | null {
    return this._problem;
  }

  /** The notebook as it was asked about. */
  get notebook(): INotebookContent | null {
    return this._notebook;
  }

  /** Ask about a notebook as it was opened. */
  async look(notebook: INotebookContent, kernel: INamedKernel): Promise<void> {
    this._notebook = notebook;
    this._kernel = kernel;
    this._path = notebook.path;
    if (describesEnvironment(notebook.content) || !kernel.exists) {
      await this.again();
    }
  }

  /** Ask once more about the same notebook. */
  async again(): Promise<void> {
    const { _notebook: notebook, _kernel: kernel } = this;
    if (!notebook || !kernel) {
      return;
    }
    try {
      const answer = await this._api.ask(notebook);
      this._set(answer, offerOf(answer, kernel), null);
    } catch (error) {
      this._set(null, null, asProblem(error));
    }
  }

  /** The notebook runs in another kernel, which a person chose: what it was opened with counts no more. */
  settle(): void {
    this._set(this._answer, null, null);
  }

  /** Offer nothing for this notebook any more, also when it is opened again. */
  dismiss(): void {
    const paths = [...this._dismissed.filter(path => path !== this._path), this._path];
    this._memory.setItem(DISMISSED, JSON.stringify(paths.slice(-MOST_REMEMBERED)));
    this.emitChanged();
  }

  private get _isDismissed(): boolean {
    return this._dismissed.includes(this._path);
  }

  private get _dismissed(): readonly string[] {
    try {
      const paths: unknown = JSON.parse(this._memory.getItem(DISMISSED) ?? '[]');
      return Array.isArray(paths) ? paths.map(String) : [];
    } catch {
      return []; // somebody else's text
    }
  }

  private _set(answer: INotebookAnswer | null, offer: OfferKind | null, problem: IProblem | null): void {
    this._answer = answer;
    this._offer = offer;
    this._problem = problem;
    this.emitChanged();
  }

  private _notebook: INotebookContent | null = null;
  private _kernel: INamedKernel | null = null;
  private _path = '';
  private _answer: INotebookAnswer | null = null;
  private _offer: OfferKind | null = null;
  private _problem: IProblem | null = null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Whether a kernel runs in another generation of a shared environment than the one that is published now. */

import { Model } from '../base';
import type { INotebookKernel } from './kernel';

/** Python that gives the prefix that a kernel runs in; it uses no builtin that may have another meaning by now. */
export const PREFIX_EXPRESSION = "__import__('sys').prefix";

/**
 * Follows one kernel. Its specification names the generation that is published; which one a running kernel was started
 * with only that knows, and a restart keeps it. So it is asked, once, when it is idle. Other languages are left alone.
 */
export class GenerationModel extends Model {
  constructor(private readonly _kernel: INotebookKernel) {
    super();
    _kernel.changed.connect(this._look, this);
    _kernel.restarted.connect(this._forget, this);
    this._look();
  }

  /** The prefix that a new kernel would run in instead; empty when it is the same, or the person does not want to know. */
  get other(): string {
    const { prefix } = this._kernel;
    const differs = this._runs !== '' && prefix !== '' && prefix !== this._runs;
    return differs && prefix !== this._dismissed ? prefix : '';
  }

  /** Say no more until yet another one is published. */
  dismiss(): void {
    this._dismissed = this._kernel.prefix;
    this._tell();
  }

  private _look(): void {
    const { id, idle, language, path, prefix } = this._kernel;
    const hasGenerations = prefix !== '' && prefix !== path;
    if (id !== '' && id !== this._asked && hasGenerations && idle && language.toLowerCase() === 'python') {
      this._asked = id; // without an answer it is not asked again: a question makes the kernel busy, then idle
      void this._ask(id);
    }
    this._tell();
  }

  private _forget(): void {
    this._asked = '';
    this._runs = '';
    this._tell();
  }

  private async _ask(id: string): Promise<void> {
    const text = await this._kernel.evaluate(PREFIX_EXPRESSION);
    if (text !== null && id === this._asked && !this.isDisposed) {
      this._runs = /^(['"])(.*)\1$/s.exec(text.trim())?.[2] ?? '';
      this._tell();
    }
  }

  private _tell(): void {
    if (this.other !== this._told) {
      this._told = this.other;
      this.emitChanged();
    }
  }

  private _asked = '';
  private _runs = '';
  private _dismissed = '';
  private _told = '';
}

/**
 * A notebook whose kernel is not here, before JupyterLab starts another or asks for one: something else is offered first.
 * What JupyterLab would have done is done when there is no offer, or no more.
 */

import type { ISessionContext } from '@jupyterlab/apputils';

/** The part of a session context that is needed. */
export type IHeldSession = Pick<ISessionContext, 'kernelPreference' | 'ready' | 'session' | 'startKernel' | 'isDisposed'>;

/** Holds one notebook's kernel back, from its making until `release`; to be made before the session is initialized. */
export class HeldKernel {
  constructor(
    private readonly _session: IHeldSession,
    private readonly _select: () => Promise<unknown>
  ) {
    this._preference = _session.kernelPreference.shouldStart;
    if (this._preference !== false) {
      this._prefer(false);
    }
  }

  /** Let a kernel be started, or ask for one where none is the obvious choice; does nothing the second time. */
  async release(): Promise<void> {
    if (this._isReleased || this._preference === false) {
      return;
    }
    this._isReleased = true;
    await this._session.ready;
    if (this._session.isDisposed) {
      return;
    }
    this._prefer(this._preference);
    if (!this._session.session?.kernel && (await this._session.startKernel())) {
      await this._select();
    }
  }

  private _prefer(shouldStart: boolean | undefined): void {
    this._session.kernelPreference = { ...this._session.kernelPreference, shouldStart };
  }

  private readonly _preference: boolean | undefined;
  private _isReleased = false;
}

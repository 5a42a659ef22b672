/** One asynchronous piece of work that is never run twice at once: asked for while it runs, it runs once more after. */
export class Coalesced {
  constructor(private readonly _work: () => Promise<void>) {}

  /** Run the work; the promise ends when a run that began after this call has ended. */
  run(): Promise<void> {
    if (!this._running) {
      this._running = this._work().finally(() => {
        this._running = null;
      });
      return this._running;
    }
    if (!this._next) {
      this._next = this._running.then(
        () => this._again(),
        () => this._again()
      );
    }
    return this._next;
  }

  private _again(): Promise<void> {
    this._next = null;
    return this.run();
  }

  private _running: Promise<void> | null = null;
  private _next: Promise<void> | null = null;
}

/** The log of one job, read on as it grows. */

import { IProblem, asProblem } from '../services/errors';
import { hasEnded } from '../services/jobs/interfaces';
import { Model } from './base';
import { Coalesced } from './coalesced';
import type { JobsModel } from './jobs';

const INTERVAL_MS = 700;
/** Characters that are shown; of a longer log the end. */
const MOST = 200_000;

/** The text of a job's log. */
export class LogModel extends Model {
  constructor(
    readonly jobs: JobsModel,
    readonly job: string,
    private readonly _intervalMs = INTERVAL_MS
  ) {
    super();
    jobs.changed.connect(this.emitChanged, this);
    jobs.ended.connect((_, ended) => {
      if (ended.id === job) {
        void this.refresh();
      }
    }, this);
    void this.refresh();
  }

  get text(): string {
    return this._text;
  }

  /** Whether the beginning is left out. */
  get isCut(): boolean {
    return this._cut;
  }

  get problem(): IProblem | null {
    return this._problem;
  }

  /** Read what is new. */
  refresh(): Promise<void> {
    return this._reading.run();
  }

  override dispose(): void {
    clearTimeout(this._timer);
    super.dispose();
  }

  private async _read(): Promise<void> {
    clearTimeout(this._timer);
    try {
      const piece = await this.jobs.logPiece(this.job, this._next);
      this._next = piece.next;
      this._append(piece.text);
      this._problem = null;
    } catch (error) {
      this._problem = asProblem(error);
    }
    this.emitChanged();
    const job = this.jobs.find(this.job);
    if (!this.isDisposed && job && !hasEnded(job)) {
      this._timer = setTimeout(() => void this.refresh(), this._intervalMs);
    }
  }

  private _append(text: string): void {
    const whole = this._text + text;
    this._cut = this._cut || whole.length > MOST;
    this._text = whole.length > MOST ? whole.slice(whole.indexOf('\n', whole.length - MOST) + 1) : whole;
  }

  private readonly _reading = new Coalesced(() => this._read());
  private _text = '';
  private _cut = false;
  private _next = 0;
  private _problem: IProblem | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

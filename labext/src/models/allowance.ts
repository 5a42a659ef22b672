/** What the administrator allows, and how much of it is taken; read again when a change has ended. */

import type { IJob } from '../services/jobs/interfaces';
import type { IAllowance, IPolicyApi } from '../services/policy/interfaces';
import { Model, same } from './base';
import { Coalesced } from './coalesced';
import type { JobsModel } from './jobs';

/** Reading walks the person's environments where bytes are limited, so it waits until somebody looks. */
export class AllowanceModel extends Model {
  constructor(
    private readonly _api: IPolicyApi,
    jobs: Pick<JobsModel, 'ended'>
  ) {
    super();
    jobs.ended.connect(this._onEnded, this);
  }

  /** `null` where nothing is ruled, or while that is not known. */
  get allowance(): IAllowance | null {
    return this._allowance;
  }

  /** Somebody looks: read it, when it is not known or may have changed. */
  look(): void {
    this._looked = true;
    if (this._stale) {
      this._stale = false;
      void this._read.run();
    }
  }

  private _onEnded(_: unknown, job: IJob): void {
    if (job.kind !== 'plan') {
      this._stale = true;
      if (this._looked) {
        this.look();
      }
    }
  }

  private async _ask(): Promise<void> {
    try {
      const allowance = await this._api.allowance();
      if (!this.isDisposed && !same(allowance, this._allowance)) {
        this._allowance = allowance;
        this.emitChanged();
      }
    } catch (error) {
      this._stale = true;
      console.warn('What is allowed is not known', error);
    }
  }

  private readonly _read = new Coalesced(() => this._ask());
  private _allowance: IAllowance | null = null;
  private _stale = true;
  private _looked = false;
}

/** How much of the fuller of two quotas is taken, from 0 to 1; `null` when there is none. Pure. */
export function fullness(allowance: IAllowance): number | null {
  const { environments, most_environments: most, used, disk } = allowance;
  const parts = [most === null ? null : share(environments, most), disk === null || used === null ? null : share(used, disk)];
  const known = parts.filter((part): part is number => part !== null);
  return known.length > 0 ? Math.max(...known) : null;
}

function share(taken: number, most: number): number {
  return most > 0 ? Math.min(1, taken / most) : 1;
}

/** Until when a version waits that was published at `timestamp` (milliseconds); `null` when it need not wait. Pure. */
export function waitsUntil(timestamp: number | null, days: number | null, now: number): Date | null {
  if (timestamp === null || days === null) {
    return null;
  }
  const end = timestamp + days * 86_400_000;
  return end > now ? new Date(end) : null;
}

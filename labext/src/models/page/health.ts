/** What is wrong with an environment, what mends it, and what it takes on the disk. */

import { IProblem, asProblem } from '../../services/errors';
import type { IDiskUsage, IEnvironmentsApi, IFinding, IFindingFix } from '../../services/environments/interfaces';
import type { IJob } from '../../services/jobs/interfaces';
import { Model } from '../base';
import type { JobsModel } from '../jobs';
import { Resource } from './resource';

export class HealthModel extends Model {
  constructor(
    private readonly _api: IEnvironmentsApi,
    private readonly _jobs: JobsModel,
    private readonly _id: () => string
  ) {
    super();
    for (const resource of [this.doctor, this.verify, this.disk]) {
      resource.changed.connect(() => this.emitChanged());
    }
  }

  /** Quick checks, made when the page is looked at. */
  readonly doctor = new Resource<IFinding[]>(() => this._api.doctor(this._id()));
  /** Each file against its record: takes seconds, made when it is asked for. */
  readonly verify = new Resource<IFinding[]>(() => this._api.verify(this._id()));
  readonly disk = new Resource<IDiskUsage>(() => this._api.disk(this._id()));

  /** Everything that was found, the worst first, nothing twice; `null` while nothing is known. */
  get findings(): readonly IFinding[] | null {
    const parts = [this.doctor.value, this.verify.value].filter((part): part is IFinding[] => part !== null);
    return parts.length > 0 ? sortFindings(parts.flat()) : null;
  }

  /** Whether something is being mended now. */
  get fixing(): boolean {
    return this._fixing;
  }

  /** Why mending failed. */
  get problem(): IProblem | null {
    return this._problem;
  }

  async show(): Promise<void> {
    await Promise.all([this.doctor.ensure(), this.disk.ensure()]);
  }

  invalidate(): void {
    this.doctor.invalidate();
    this.disk.invalidate();
    this.verify.invalidate();
  }

  /** Mend something, then look again. */
  async fix(fix: IFindingFix): Promise<void> {
    if (this._fixing) {
      return;
    }
    this._settle(true, null);
    try {
      const job = await this._api.fix(this._id(), fix);
      this._settle(true, job && problemOf(await this._jobs.whenEnded(job)));
    } catch (error) {
      this._settle(true, asProblem(error));
    }
    await this._lookAgain();
    this._settle(false, this._problem);
  }

  override dispose(): void {
    [this.doctor, this.verify, this.disk].forEach(resource => resource.dispose());
    super.dispose();
  }

  private async _lookAgain(): Promise<void> {
    if (!this.isDisposed) {
      const verified = this.verify.value ? this.verify.refresh() : Promise.resolve();
      await Promise.all([this.doctor.refresh(), this.disk.refresh(), verified]);
    }
  }

  private _settle(fixing: boolean, problem: IProblem | null): void {
    this._fixing = fixing;
    this._problem = problem;
    this.emitChanged();
  }

  private _fixing = false;
  private _problem: IProblem | null = null;
}

function problemOf(job: IJob): IProblem | null {
  return job.state === 'done' ? null : (job.error ?? { code: `job.${job.state}`, message: '', hint: '', detail: null });
}

const RANKS = { error: 0, warning: 1, note: 2 };

/** Findings without repetitions, the worst first. */
export function sortFindings(findings: readonly IFinding[]): IFinding[] {
  const seen = new Map(findings.map(finding => [`${finding.code} ${finding.path} ${finding.message}`, finding]));
  return [...seen.values()].sort((left, right) => RANKS[left.severity] - RANKS[right.severity]);
}

/** How many findings one repair would mend. */
export function countRepairable(findings: readonly IFinding[]): number {
  return findings.filter(finding => finding.fix?.action === 'repair').length;
}

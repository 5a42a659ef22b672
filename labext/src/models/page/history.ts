/** The states that an environment was in, and what differs between two of them. */

import type { IEnvironmentsApi, IGeneration, IGenerationChange, IHistory } from '../../services/environments/interfaces';
import { Model } from '../base';
import { Resource } from './resource';

/** Two numbers of generations. */
export interface IPair {
  readonly from: number;
  readonly to: number;
}

export class HistoryModel extends Model {
  constructor(private readonly _api: IEnvironmentsApi, private readonly _id: () => string) {
    super();
    this.history.changed.connect(() => this.emitChanged());
  }

  readonly history = new Resource<IHistory>(() => this._api.history(this._id()));

  /** The newest first. */
  get generations(): readonly IGeneration[] {
    return [...(this.history.value?.generations ?? [])].sort((left, right) => right.number - left.number);
  }

  get current(): number {
    return this.history.value?.current ?? 0;
  }

  /** The two that are compared; `null` when none are. */
  get pair(): IPair | null {
    return this._pair;
  }

  get comparison(): Resource<IGenerationChange[]> | null {
    return this._comparison;
  }

  /** Which generations show all that changed. */
  isOpen(number: number): boolean {
    return this._open.has(number);
  }

  toggle(number: number): void {
    if (!this._open.delete(number)) {
      this._open.add(number);
    }
    this.emitChanged();
  }

  show(): Promise<void> {
    return this.history.ensure();
  }

  invalidate(): void {
    this.history.invalidate();
  }

  /** Compare two generations; `null` ends comparing. */
  compare(pair: IPair | null): void {
    this._comparison?.dispose();
    this._pair = pair;
    this._comparison = pair && new Resource(() => this._api.compare(this._id(), pair.from, pair.to));
    this._comparison?.changed.connect(() => this.emitChanged());
    void this._comparison?.ensure();
    this.emitChanged();
  }

  override dispose(): void {
    this.history.dispose();
    this._comparison?.dispose();
    super.dispose();
  }

  private readonly _open = new Set<number>();
  private _pair: IPair | null = null;
  private _comparison: Resource<IGenerationChange[]> | null = null;
}

/** How many packages came, went and changed. */
export function summarise(changes: readonly { readonly kind: string }[]): { added: number; removed: number; changed: number } {
  const added = changes.filter(change => change.kind === 'added').length;
  const removed = changes.filter(change => change.kind === 'removed').length;
  return { added, removed, changed: changes.length - added - removed };
}

/**
 * Jobs whose end a tab owes a word about, kept over a reload of that tab, and what was asked for in them, so that it can
 * be asked again. Owns the form in the browser's session storage, which each tab has for itself.
 */

import type { IChangeRequest } from '../services/plans/interfaces';

const KEY = 'jupyter-envs:watched-jobs';
const MOST = 40;

/** Where texts are kept. */
export type TextStore = Pick<Storage, 'getItem' | 'setItem'>;

interface IEntry {
  readonly id: string;
  readonly waiting: boolean;
  readonly request: IChangeRequest | null;
}

/** The watched jobs of this tab. */
export class WatchedJobs {
  constructor(private readonly _store: TextStore) {
    this._entries = read(_store);
  }

  /** Whether the end of a job is still to be told. */
  isWaiting(id: string): boolean {
    return this._entries.some(entry => entry.id === id && entry.waiting);
  }

  /** What was asked for in a job that this tab started. */
  requestOf(id: string): IChangeRequest | null {
    return this._entries.find(entry => entry.id === id)?.request ?? null;
  }

  /** Wait for the end of a job. */
  watch(id: string, request: IChangeRequest | null = null): void {
    const known = this._entries.find(entry => entry.id === id);
    if (!known || (request && !known.request)) {
      this._put({ id, waiting: known?.waiting ?? true, request });
    }
  }

  /** The end of a job was told. */
  told(id: string): void {
    if (this.isWaiting(id)) {
      this._put({ id, waiting: false, request: this.requestOf(id) });
    }
  }

  private _put(entry: IEntry): void {
    this._entries = [entry, ...this._entries.filter(other => other.id !== entry.id)].slice(0, MOST);
    try {
      this._store.setItem(KEY, JSON.stringify(this._entries));
    } catch (error) {
      // A full or forbidden store costs the notification after a reload, nothing else.
      console.warn('Watched jobs could not be kept', error);
    }
  }

  private _entries: readonly IEntry[];
}

function read(store: TextStore): IEntry[] {
  try {
    const value: unknown = JSON.parse(store.getItem(KEY) ?? '[]');
    return Array.isArray(value) ? value.filter(isEntry) : [];
  } catch {
    return []; // what another version wrote
  }
}

function isEntry(value: unknown): value is IEntry {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
}

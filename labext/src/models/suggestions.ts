/** Names, and then versions, that fit what is being typed. Owns the waiting, the cache and that late answers are dropped. */

import type { ICatalogueApi, IVersion } from '../services/catalogue/interfaces';
import { Model, same } from './base';
import { ITyped, readTyped } from './specs';

const DELAY_MS = 80;
/** A source that has not answered yet (the first search reads its index) is asked again so often, after so long. */
const REPEATS = 40;
const REPEAT_MS = 400;
const MOST = 12;

/** One line to choose: the request it gives, and what is said about it. */
export interface ISuggestion {
  readonly spec: string;
  readonly label: string;
  readonly note: string;
  readonly installed: string | null;
}

interface ILooked {
  readonly items: readonly ISuggestion[];
  readonly complete: boolean;
}

/** What is offered for a text. */
export class SuggestionsModel extends Model {
  constructor(
    private readonly _api: ICatalogueApi,
    private readonly _environment: string | null = null,
    private readonly _delayMs = DELAY_MS
  ) {
    super();
  }

  get items(): readonly ISuggestion[] {
    return this._items;
  }

  /** Whether an answer is awaited. */
  get busy(): boolean {
    return this._busy;
  }

  /** Why nothing could be looked up; empty when it could. */
  get problem(): string {
    return this._problem;
  }

  /** Look for what fits a text, soon; an earlier text is forgotten. */
  ask(text: string): void {
    clearTimeout(this._timer);
    this._turn += 1;
    const turn = this._turn;
    if (!text.trim()) {
      this._set([], false, '');
      return;
    }
    this._set(this._items, true, '');
    this._timer = setTimeout(() => void this._look(readTyped(text), turn), this._delayMs);
  }

  override dispose(): void {
    clearTimeout(this._timer);
    super.dispose();
  }

  private async _look(typed: ITyped, turn: number, repeats = REPEATS): Promise<void> {
    try {
      const { items, complete } = typed.operator ? await this._versions(typed) : await this._names(typed);
      if (turn === this._turn && !this.isDisposed) {
        const again = !complete && repeats > 0;
        this._set(items, again, '');
        if (again) {
          this._timer = setTimeout(() => void this._look(typed, turn, repeats - 1), REPEAT_MS);
        }
      }
    } catch (error) {
      if (turn === this._turn) {
        this._set([], false, error instanceof Error ? error.message : String(error));
      }
    }
  }

  private async _names(typed: ITyped): Promise<ILooked> {
    const answer = await this._api.search(typed.name, this._environment);
    const items = answer.results.slice(0, MOST).map(found => ({
      spec: typed.prefix + found.name,
      label: found.name,
      note: [found.version, found.channel || found.source].filter(Boolean).join(' · '),
      installed: found.installed
    }));
    return { items, complete: answer.complete };
  }

  private async _versions(typed: ITyped): Promise<ILooked> {
    const source = typed.prefix === 'pypi::' || typed.prefix === 'interpreter::' ? typed.prefix.slice(0, -2) : '';
    const versions = await this._known(typed.name, source);
    const fitting = [...new Set(versions.map(version => version.version))].filter(version =>
      version.startsWith(typed.version)
    );
    const items = fitting.slice(0, MOST).map(version => ({
      spec: `${typed.prefix}${typed.name}${typed.operator}${version}`,
      label: `${typed.name} ${typed.operator} ${version}`,
      note: versions.find(other => other.version === version)?.source ?? '',
      installed: null
    }));
    return { items, complete: true };
  }

  private _known(name: string, source: string): Promise<IVersion[]> {
    const key = `${source}::${name}`;
    let known = this._cache.get(key);
    if (!known) {
      known = this._api.package(name, source, this._environment).then(found => [...found.versions]);
      this._cache.set(key, known);
      known.catch(() => this._cache.delete(key));
    }
    return known;
  }

  private _set(items: readonly ISuggestion[], busy: boolean, problem: string): void {
    const unchanged = same(items, this._items) && busy === this._busy && problem === this._problem;
    this._items = items;
    this._busy = busy;
    this._problem = problem;
    if (!unchanged) {
      this.emitChanged();
    }
  }

  private readonly _cache = new Map<string, Promise<IVersion[]>>();
  private _items: readonly ISuggestion[] = [];
  private _busy = false;
  private _problem = '';
  private _turn = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

/** Names that can be installed, found as one types, and the versions of the one that is looked at. */

import { IProblem, asProblem } from '../../services/errors';
import type { ICatalogueApi, IFound, IPackageVersions, ISearchAnswer } from '../../services/catalogue/interfaces';
import { Model } from '../base';
import { Resource } from './resource';

const PAUSE_MS = 150;
/** How long sources that have not answered are waited for; each time a little longer. */
const AGAIN_MS = 700;
const MOST_REPEATS = 5;

/** A package that is looked at; an empty source stands for all of them. */
export interface ILooked {
  readonly name: string;
  readonly source: string;
}

/** What is typed, what was found, what is looked at. An answer to an older text is dropped. */
export class SearchModel extends Model {
  constructor(
    private readonly _api: ICatalogueApi,
    private readonly _id: () => string,
    private readonly _pauseMs = PAUSE_MS,
    private readonly _againMs = AGAIN_MS
  ) {
    super();
  }

  get text(): string {
    return this._text;
  }

  /** `null` until something was searched for and answered. */
  get answer(): ISearchAnswer | null {
    return this._answer;
  }

  get problem(): IProblem | null {
    return this._problem;
  }

  /** Whether an answer to the text is on its way. */
  get searching(): boolean {
    return this._searching;
  }

  get looked(): ILooked | null {
    return this._looked;
  }

  /** The versions of the package that is looked at. */
  get versions(): Resource<IPackageVersions> | null {
    return this._versions;
  }

  /** Search for a text after a pause in typing; what was looked at before belonged to another text. */
  setText(text: string): void {
    if (text === this._text) {
      return;
    }
    this._text = text;
    this.look(null);
    this._plan(this._pauseMs, 0);
  }

  /** Search for the same text again: after a failure, or when the environment has changed. */
  again(): void {
    this._plan(0, 0);
  }

  /** Look at a package's versions. */
  look(found: Pick<IFound, 'name' | 'source'> | null): void {
    this._versions?.dispose();
    this._versions = null;
    this._looked = found && { name: found.name, source: found.source };
    if (found) {
      const versions = new Resource(() => this._api.package(found.name, found.source, this._id()));
      versions.changed.connect(() => this.emitChanged());
      this._versions = versions;
      void versions.ensure();
    }
    this.emitChanged();
  }

  override dispose(): void {
    clearTimeout(this._timer);
    this._versions?.dispose();
    super.dispose();
  }

  private _plan(delay: number, repeats: number): void {
    clearTimeout(this._timer);
    this._turn += 1;
    const turn = this._turn;
    const wanted = this._text.trim();
    if (!wanted) {
      this._settle(null, null, false);
      return;
    }
    this._settle(this._answer, null, true);
    this._timer = setTimeout(() => void this._ask(turn, wanted, repeats), delay);
  }

  private async _ask(turn: number, wanted: string, repeats: number): Promise<void> {
    const isOld = (): boolean => this.isDisposed || turn !== this._turn;
    try {
      const answer = await this._api.search(wanted, this._id());
      if (!isOld()) {
        this._settle(answer, null, false);
        this._askForTheRest(answer, repeats);
      }
    } catch (error) {
      if (!isOld()) {
        this._settle(this._answer, asProblem(error), false);
      }
    }
  }

  private _askForTheRest(answer: ISearchAnswer, repeats: number): void {
    if (!answer.complete && repeats < MOST_REPEATS) {
      this._plan(this._againMs * (repeats + 1), repeats + 1);
    }
  }

  private _settle(answer: ISearchAnswer | null, problem: IProblem | null, searching: boolean): void {
    this._answer = answer;
    this._problem = problem;
    this._searching = searching;
    this.emitChanged();
  }

  private _text = '';
  private _answer: ISearchAnswer | null = null;
  private _problem: IProblem | null = null;
  private _searching = false;
  private _looked: ILooked | null = null;
  private _versions: Resource<IPackageVersions> | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _turn = 0;
}

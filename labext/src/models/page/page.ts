/** The page of one environment: which tab is looked at, and what its tabs show. Follows the environment when it is renamed. */

import type { IEnvironment } from '../../services/environments/interfaces';
import { IJob, hasEnded } from '../../services/jobs/interfaces';
import type { IChangeRequest } from '../../services/plans/interfaces';
import type { IEnvironmentsManager } from '../../tokens';
import type { AllowanceModel } from '../allowance';
import { Model, same } from '../base';
import { lastingObstacleOf } from '../changeable';
import { CartModel, requestsOf } from './cart';
import { ChangesModel } from './changes';
import { ExportModel } from './export';
import { HealthModel } from './health';
import { HistoryModel } from './history';
import { KernelsModel } from './kernels';
import { PackagesModel } from './packages';
import { SearchModel } from './search';

export const PAGE_TABS = ['packages', 'add', 'plan', 'history', 'health', 'kernel', 'export'] as const;
export type PageTab = (typeof PAGE_TABS)[number];

/** Those that are for changing the environment. */
const CHANGING: readonly PageTab[] = ['add', 'plan'];

/** The word as a tab; the first one for a word that is none. */
export function asTab(word: unknown): PageTab {
  return PAGE_TABS.find(tab => tab === word) ?? PAGE_TABS[0];
}

/** What a tab is made of: read when it is looked at, and again when the environment has changed. */
interface ITabModel {
  show(): Promise<void>;
  invalidate(): void;
}

export class PageModel extends Model {
  /**
   * @param _manager - the shared models
   * @param _id - the environment's id
   * @param onKernelsChanged - called after kernels were registered or removed here
   */
  constructor(
    private readonly _manager: Pick<IEnvironmentsManager, 'api' | 'environments' | 'jobs' | 'allowance'>,
    private _id: string,
    onKernelsChanged: () => void = () => undefined
  ) {
    super();
    const { api, environments, jobs } = _manager;
    const id = (): string => this._id;
    this.packages = new PackagesModel(api.environments, id);
    this.search = new SearchModel(api.catalogue, id);
    this.changes = new ChangesModel(api.plans, jobs);
    this.history = new HistoryModel(api.environments, id);
    this.health = new HealthModel(api.environments, jobs, id);
    this.kernels = new KernelsModel(api.environments, id, onKernelsChanged);
    this.export = new ExportModel(api.environments, id);
    this._tabs = {
      packages: this.packages,
      add: { show: async () => undefined, invalidate: () => this.search.again() },
      plan: { show: () => this.changes.check(), invalidate: () => void this.changes.check() },
      history: this.history,
      health: this.health,
      kernel: this.kernels,
      export: this.export
    };
    this.changes.stepDone.connect((_, request) => this._clearCart(request));
    environments.changed.connect(this._look, this);
    jobs.changed.connect(this._lookAtJobs, this);
    this._environment = environments.find(_id);
    this._look();
  }

  readonly packages: PackagesModel;
  readonly search: SearchModel;
  readonly cart = new CartModel();
  readonly changes: ChangesModel;
  readonly history: HistoryModel;
  readonly health: HealthModel;
  readonly kernels: KernelsModel;
  readonly export: ExportModel;

  /** What the administrator allows. */
  get allowance(): AllowanceModel {
    return this._manager.allowance;
  }

  get id(): string {
    return this._id;
  }

  /** As it was seen last; `null` while the list has not been read. */
  get environment(): IEnvironment | null {
    return this._environment;
  }

  /** Whether the list of environments no longer has it. */
  get isGone(): boolean {
    return this._gone;
  }

  /** The change that it is in the middle of. */
  get liveJob(): IJob | null {
    return this._manager.jobs.live.find(job => job.environment === this._id) ?? null;
  }

  /** Why it cannot be changed, now or later; `null` when it can. */
  get obstacle(): ReturnType<typeof lastingObstacleOf> {
    return this._environment && lastingObstacleOf(this._environment);
  }

  /** The tabs that there are: of one that cannot be changed, those that only show. */
  get tabs(): readonly PageTab[] {
    return this.obstacle ? PAGE_TABS.filter(tab => !CHANGING.includes(tab)) : PAGE_TABS;
  }

  get tab(): PageTab {
    return this.tabs.includes(this._tab) ? this._tab : PAGE_TABS[0];
  }

  /** Look at a tab; what it shows is read when it is not known. */
  setTab(tab: PageTab): void {
    const changed = tab !== this.tab;
    this._tab = tab;
    this._show();
    if (changed) {
      this.emitChanged();
    }
  }

  /** Tell whether the page is seen; while it is not, nothing is read. */
  setSeen(seen: boolean): void {
    this._seen = seen;
    this._show();
  }

  /** Plan what is in the cart and look at the plan. */
  review(): void {
    this.propose(requestsOf(this.cart.items, this._id));
  }

  /** Plan something and look at the plan. */
  propose(requests: readonly IChangeRequest[]): void {
    if (requests.length > 0 && !this.obstacle) {
      this._from = this.tab === 'plan' ? this._from : this.tab;
      void this.changes.start(requests);
      this.setTab('plan');
    }
  }

  /** Give up what is planned, and go back to where it was put together: what is in the cart is still there. */
  back(): void {
    this.changes.discard();
    this.setTab(this._from);
  }

  /** Choose another version of a package. */
  chooseVersion(name: string, source: string): void {
    this.search.setText(name);
    this.search.look({ name, source });
    this.setTab('add');
  }

  override dispose(): void {
    const parts = [this.packages, this.search, this.cart, this.changes, this.history, this.health, this.kernels, this.export];
    this._manager.environments.changed.disconnect(this._look, this);
    this._manager.jobs.changed.disconnect(this._lookAtJobs, this);
    super.dispose();
    parts.forEach(part => part.dispose());
  }

  private _look(): void {
    const { environments } = this._manager;
    if (environments.environments === null) {
      return;
    }
    const found = environments.find(this._id) ?? this._findRenamed();
    if (!found) {
      this._setGone(!this.liveJob);
      return;
    }
    const isNew = stateOf(found) !== stateOf(this._environment);
    const changed = !same(found, this._environment) || this._gone;
    this._id = found.id;
    this._environment = found;
    this._gone = false;
    if (isNew) {
      this._invalidate();
    }
    if (changed) {
      this.emitChanged();
    }
  }

  private _lookAtJobs(): void {
    const live = this.liveJob?.id ?? '';
    if (live !== this._live) {
      this._live = live;
      this.emitChanged();
    }
    if (this._gone || !this._manager.environments.find(this._id)) {
      this._look();
    }
  }

  /** The environment under its new name: a job that renamed it says which. */
  private _findRenamed(): IEnvironment | null {
    const { environments, jobs } = this._manager;
    const renamed = jobs.jobs.find(job => job.kind === 'rename' && job.environment === this._id && hasEnded(job));
    return renamed?.result ? environments.findByPath(renamed.result.prefix) : null;
  }

  private _setGone(gone: boolean): void {
    if (gone !== this._gone) {
      this._gone = gone;
      this.emitChanged();
    }
  }

  private _invalidate(): void {
    Object.values(this._tabs).forEach(tab => tab.invalidate());
    this._show();
  }

  private _show(): void {
    if (this._seen && !this.isDisposed) {
      void this._tabs[this.tab].show();
    }
  }

  private _clearCart(request: IChangeRequest): void {
    const done = this.cart.items.filter(
      item => item.action === request.action && (request.specs ?? []).includes(item.spec)
    );
    this.cart.take(...done.map(item => item.name));
  }

  private readonly _tabs: Readonly<Record<PageTab, ITabModel>>;
  private _environment: IEnvironment | null = null;
  private _gone = false;
  private _seen = false;
  private _live = '';
  private _tab: PageTab = PAGE_TABS[0];
  private _from: PageTab = PAGE_TABS[0];
}

/** What changes when an environment's content does. */
function stateOf(environment: IEnvironment | null): string {
  const seen = environment;
  return seen ? [seen.id, seen.generation, seen.modified, seen.packages, seen.broken, seen.kernels.join()].join(' ') : '';
}

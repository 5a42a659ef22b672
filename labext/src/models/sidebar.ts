/** What the sidebar shows of the environments: filter, groups, which are folded, and the row that commands are for. */

import type { IEnvironment } from '../services/environments/interfaces';
import { Model } from './base';
import type { EnvironmentsModel } from './environments';
import type { SettingsModel } from './settings';

export type GroupName = 'own' | 'shared' | 'external';

/** Environments that belong together. */
export interface IGroup {
  readonly name: GroupName;
  readonly environments: readonly IEnvironment[];
}

/** Sort and divide environments: ours, those that others publish, and those of other tools; empty groups are left out. Pure. */
export function groupsOf(environments: readonly IEnvironment[], filter: string, showExternal: boolean): IGroup[] {
  const wanted = filter.trim().toLowerCase();
  const fits = environments.filter(
    environment => !wanted || environment.name.toLowerCase().includes(wanted) || environment.path.toLowerCase().includes(wanted)
  );
  const sorted = [...fits].sort((left, right) => COLLATOR.compare(left.name, right.name));
  const groups: IGroup[] = [
    { name: 'own', environments: sorted.filter(environment => !environment.external && environment.kind !== 'shared') },
    { name: 'shared', environments: sorted.filter(environment => environment.kind === 'shared') },
    { name: 'external', environments: showExternal ? sorted.filter(environment => environment.external) : [] }
  ];
  return groups.filter(group => group.environments.length > 0);
}

const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** State of the sidebar. */
export class SidebarModel extends Model {
  constructor(
    readonly environments: EnvironmentsModel,
    private readonly _settings: SettingsModel
  ) {
    super();
    environments.changed.connect(this.emitChanged, this);
    _settings.changed.connect(this.emitChanged, this);
  }

  get filter(): string {
    return this._filter;
  }
  set filter(value: string) {
    this._filter = value;
    this.emitChanged();
  }

  /** Whether past jobs are unfolded. */
  get showJobs(): boolean {
    return this._showJobs;
  }
  set showJobs(value: boolean) {
    this._showJobs = value;
    this.emitChanged();
  }

  /** The environment of the active notebook stands above and not in the groups. */
  get groups(): readonly IGroup[] {
    const active = this.environments.active;
    const others = (this.environments.environments ?? []).filter(environment => environment !== active);
    return groupsOf(others, this._filter, this._settings.values.showExternal);
  }

  isFolded(group: GroupName): boolean {
    return this._folded.has(group) && !this._filter;
  }

  fold(group: GroupName, folded: boolean): void {
    if (folded) {
      this._folded.add(group);
    } else {
      this._folded.delete(group);
    }
    this.emitChanged();
  }

  /** The environment that commands without an id are for: the row that has, or last had, the focus. */
  get selected(): IEnvironment | null {
    return this._selected ? this.environments.find(this._selected) : null;
  }

  select(id: string): void {
    if (id !== this._selected) {
      this._selected = id;
      this.emitChanged();
    }
  }

  private readonly _folded = new Set<GroupName>();
  private _filter = '';
  private _showJobs = false;
  private _selected = '';
}

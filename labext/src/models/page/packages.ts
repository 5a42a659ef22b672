/** The installed packages as a person looks at them: filtered, sorted, selected. */

import type { IEnvironmentsApi, IPackage, IUpdates } from '../../services/environments/interfaces';
import { Model } from '../base';
import { Column, Group, IOrder, IRow, countGroups, filterRows, isManaged, makeRows, sortRows } from './packageRows';
import { Resource } from './resource';

/** Packages of one environment, their newer versions, and what is filtered and selected. */
export class PackagesModel extends Model {
  constructor(private readonly _api: IEnvironmentsApi, private readonly _id: () => string) {
    super();
    this.installed.changed.connect(this._recount, this);
    this.updates.changed.connect(this._recount, this);
  }

  readonly installed = new Resource<IPackage[]>(() => this._api.packages(this._id()));
  readonly updates = new Resource<IUpdates>(() => this._api.updates(this._id()));

  /** The rows to show. The same array until something changes. */
  get rows(): readonly IRow[] {
    return this._rows;
  }

  get counts(): Readonly<Record<Group, number>> {
    return this._counts;
  }

  get group(): Group {
    return this._group;
  }

  get text(): string {
    return this._text;
  }

  get order(): IOrder {
    return this._order;
  }

  /** Names of the selected packages that are shown. */
  get selected(): ReadonlySet<string> {
    return this._selected;
  }

  /** The package whose details are shown. */
  get open(): IRow | null {
    return this._all.find(row => row.package.name === this._open) ?? null;
  }

  /** Chains from a requested package to the open one; `null` until they are asked for. */
  get why(): Resource<string[][]> | null {
    return this._why;
  }

  /** Read what is not known; what takes longer comes after what is quick. */
  async show(): Promise<void> {
    await this.installed.ensure();
    await this.updates.ensure();
  }

  invalidate(): void {
    this.installed.invalidate();
    this.updates.invalidate();
    this._why?.invalidate();
  }

  setGroup(group: Group): void {
    this._group = group;
    this._select();
  }

  setText(text: string): void {
    this._text = text;
    this._select();
  }

  /** Sort by a column; again, the other way round. Numbers begin with the largest. */
  sortBy(column: Column): void {
    const same = this._order.column === column;
    const descending = same ? !this._order.descending : column === 'size' || column === 'update';
    this._order = { column, descending };
    this._sort();
  }

  /** Select a package or no longer. */
  toggle(name: string): void {
    const selected = new Set(this._selected);
    if (!selected.delete(name)) {
      selected.add(name);
    }
    this._selected = selected;
    this.emitChanged();
  }

  /** Select the rows from one name to another as well, as they are shown. */
  selectRange(from: string, to: string): void {
    const places = [from, to].map(name => this._rows.findIndex(row => row.package.name === name));
    if (!places.includes(-1)) {
      const between = this._rows.slice(Math.min(...places), Math.max(...places) + 1);
      this._selected = new Set([...this._selected, ...managedNames(between)]);
      this.emitChanged();
    }
  }

  /** Select all rows that are shown and can be changed, or none. */
  selectAll(all: boolean): void {
    this._selected = new Set(all ? managedNames(this._rows) : []);
    this.emitChanged();
  }

  /** Show the details of a package, or (empty) of none. */
  setOpen(name: string): void {
    if (name !== this._open) {
      this._open = name;
      this._why?.dispose();
      this._why = null;
      this.emitChanged();
    }
  }

  /** Ask why the open package is there. */
  async askWhy(): Promise<void> {
    const name = this._open;
    if (!name) {
      return;
    }
    if (!this._why) {
      this._why = new Resource(() => this._api.why(this._id(), name));
      this._why.changed.connect(() => this.emitChanged());
    }
    await this._why.ensure();
  }

  override dispose(): void {
    this.installed.dispose();
    this.updates.dispose();
    this._why?.dispose();
    super.dispose();
  }

  private _recount(): void {
    this._all = makeRows(this.installed.value ?? [], this.updates.value?.updates ?? []);
    this._counts = countGroups(this._all);
    this._sort();
  }

  private _sort(): void {
    this._all = sortRows(this._all, this._order);
    this._select();
  }

  private _select(): void {
    this._rows = filterRows(this._all, this._group, this._text);
    const shown = new Set(this._rows.map(row => row.package.name));
    this._selected = new Set([...this._selected].filter(name => shown.has(name)));
    this.emitChanged();
  }

  private _all: readonly IRow[] = [];
  private _rows: readonly IRow[] = [];
  private _counts: Readonly<Record<Group, number>> = countGroups([]);
  private _group: Group = 'all';
  private _text = '';
  private _order: IOrder = { column: 'name', descending: false };
  private _selected: ReadonlySet<string> = new Set();
  private _open = '';
  private _why: Resource<string[][]> | null = null;
}

function managedNames(rows: readonly IRow[]): string[] {
  return rows.filter(row => isManaged(row.package)).map(row => row.package.name);
}

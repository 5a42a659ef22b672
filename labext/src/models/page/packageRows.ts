/** Which installed packages a person sees, and in which order. Pure. */

import type { IPackage, IUpdate } from '../../services/environments/interfaces';

export const GROUPS = ['all', 'requested', 'dependencies', 'updates'] as const;
/** Which part of the packages: those that were asked for, those that came with them, those with a newer version. */
export type Group = (typeof GROUPS)[number];

export type Column = 'name' | 'version' | 'source' | 'size' | 'update';

/** By which column, and whether from the end. */
export interface IOrder {
  readonly column: Column;
  readonly descending: boolean;
}

/** A package, and the newer version that its source offers (empty when there is none). */
export interface IRow {
  readonly package: IPackage;
  readonly update: string;
}

/** Packages with their newer versions. */
export function makeRows(packages: readonly IPackage[], updates: readonly IUpdate[]): IRow[] {
  const newest = new Map(updates.map(update => [update.name, update.newest]));
  return packages.map(each => ({ package: each, update: newest.get(each.name) ?? '' }));
}

/** Whether a package belongs to a group. */
export function isIn(group: Group, row: IRow): boolean {
  switch (group) {
    case 'requested':
      return row.package.requested;
    case 'dependencies':
      return !row.package.requested;
    case 'updates':
      return row.update !== '';
    default:
      return true;
  }
}

/** How many packages each group has. */
export function countGroups(rows: readonly IRow[]): Record<Group, number> {
  const counts = { all: 0, requested: 0, dependencies: 0, updates: 0 };
  for (const row of rows) {
    GROUPS.forEach(group => (counts[group] += isIn(group, row) ? 1 : 0));
  }
  return counts;
}

/** The rows of a group whose name or summary has the text, in the order in which they are given. */
export function filterRows(rows: readonly IRow[], group: Group, text: string): IRow[] {
  const wanted = text.trim().toLowerCase();
  return rows.filter(row => isIn(group, row) && (!wanted || matches(row.package, wanted)));
}

function matches(each: IPackage, wanted: string): boolean {
  return each.name.toLowerCase().includes(wanted) || each.summary.toLowerCase().includes(wanted);
}

/** The rows by a column, and by name where that says nothing. */
export function sortRows(rows: readonly IRow[], order: IOrder): IRow[] {
  const sign = order.descending ? -1 : 1;
  // What is compared is made once for each row: a list of thousands is compared tens of thousands of times.
  const keyed = rows.map(row => ({ row, key: keyOf(order.column, row) }));
  keyed.sort((left, right) => sign * compareKeys(left.key, right.key) || byText(left.row.package.name, right.row.package.name));
  return keyed.map(each => each.row);
}

type Parts = readonly string[];
type Key = string | number | Parts;

function keyOf(column: Column, row: IRow): Key {
  switch (column) {
    case 'size':
      return row.package.size;
    case 'version':
      return partsOf(row.package.version);
    case 'source':
      return originOf(row.package);
    case 'update':
      return Number(row.update !== '');
    default:
      return row.package.name;
  }
}

function compareKeys(left: Key, right: Key): number {
  if (typeof left === 'number' || typeof right === 'number') {
    return Number(left) - Number(right);
  }
  const isText = typeof left === 'string' || typeof right === 'string';
  return isText ? byText(String(left), String(right)) : compareParts(left, right);
}

/** The channel of a package, or its source when it came from none. */
export function originOf(each: { readonly channel: string; readonly source: string }): string {
  return each.source === 'conda' && each.channel ? each.channel : each.source;
}

// The names of packages are plain; comparing them as such is ten times as fast as by a language's rules.
function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Compare two versions part by part, numbers as numbers: enough to put a column in order, not to choose by. */
export function compareVersions(left: string, right: string): number {
  return compareParts(partsOf(left), partsOf(right));
}

function compareParts(one: Parts, other: Parts): number {
  for (let index = 0; index < Math.max(one.length, other.length); index++) {
    const [a, b] = [one[index] ?? '0', other[index] ?? '0'];
    const difference = Number(a) - Number(b);
    const order = Number.isNaN(difference) ? byText(a, b) : difference;
    if (order !== 0) {
      return order;
    }
  }
  return 0;
}

function partsOf(version: string): string[] {
  return version.match(/\d+|[a-z]+/gi) ?? [];
}

const MANAGED = ['conda', 'pypi', 'interpreter'];

/** Whether the engine can change a package: what pip and the like put there on their own it only lists. */
export function isManaged(each: IPackage): boolean {
  return MANAGED.includes(each.source);
}

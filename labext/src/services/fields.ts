/**
 * Reading unknown JSON field by field: each reader gives a typed value or throws an `InvalidResponse` that names the
 * field. Owns no shapes; those are in each resource's `validate.ts`.
 */

/** An answer of the server that is not what this extension understands. */
export class InvalidResponse extends Error {
  constructor(where: string, expected: string) {
    super(`The server answered something unexpected: ${where} should be ${expected}`);
    this.name = 'InvalidResponse';
  }
}

/** The fields of one JSON object. */
export class Fields {
  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new InvalidResponse(where, 'an object');
    }
    this._values = value as Record<string, unknown>;
    this._where = where;
  }

  /** A string; `fallback` stands for one that is left out. */
  text(name: string, fallback?: string): string {
    return this._typed(name, 'string', 'a text', fallback);
  }

  /** A finite number; `fallback` stands for one that is left out. */
  number(name: string, fallback?: number): number {
    return this._typed(name, 'number', 'a number', fallback);
  }

  /** A boolean; `fallback` stands for one that is left out. */
  flag(name: string, fallback?: boolean): boolean {
    return this._typed(name, 'boolean', 'true or false', fallback);
  }

  /** A string, or `null` when it is null or left out. */
  maybeText(name: string): string | null {
    return this._values[name] === null ? null : this.text(name, '') || null;
  }

  /** A number, or `null` when it is null or left out. */
  maybeNumber(name: string): number | null {
    const value = this._values[name];
    return value === null || value === undefined ? null : this.number(name);
  }

  /** A list whose items `read` understands; empty when left out. */
  list<T>(name: string, read: (value: unknown, where: string) => T): T[] {
    const value = this._values[name] ?? [];
    if (!Array.isArray(value)) {
      throw new InvalidResponse(this._at(name), 'a list');
    }
    return value.map((item, index) => read(item, `${this._at(name)}[${index}]`));
  }

  /** A list of strings; empty when left out. */
  texts(name: string): string[] {
    return this.list(name, asText);
  }

  /** An object of strings; empty when left out. */
  textMap(name: string): Record<string, string> {
    const fields = new Fields(this._values[name] ?? {}, this._at(name));
    const result: Record<string, string> = {};
    for (const key of Object.keys(fields._values)) {
      result[key] = fields.text(key);
    }
    return result;
  }

  /** A value that `read` understands, or `null` when it is null or left out. */
  maybe<T>(name: string, read: (value: unknown, where: string) => T): T | null {
    const value = this._values[name];
    return value === null || value === undefined ? null : read(value, this._at(name));
  }

  /** A value that `read` understands. */
  required<T>(name: string, read: (value: unknown, where: string) => T): T {
    return read(this._values[name], this._at(name));
  }

  /** One of some words. */
  word<T extends string>(name: string, words: readonly T[]): T {
    const value = this.text(name);
    const found = words.find(word => word === value);
    if (found === undefined) {
      throw new InvalidResponse(this._at(name), `one of ${words.join(', ')}`);
    }
    return found;
  }

  private _at(name: string): string {
    return `${this._where}.${name}`;
  }

  private _typed<T>(name: string, type: string, expected: string, fallback?: T): T {
    const value = this._values[name];
    if (value === undefined && fallback !== undefined) {
      return fallback;
    }
    if (typeof value !== type) {
      throw new InvalidResponse(this._at(name), expected);
    }
    return value as T;
  }

  private readonly _values: Record<string, unknown>;
  private readonly _where: string;
}

/** Read one string. */
export function asText(value: unknown, where: string): string {
  if (typeof value !== 'string') {
    throw new InvalidResponse(where, 'a text');
  }
  return value;
}

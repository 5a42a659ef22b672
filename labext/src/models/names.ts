/**
 * What an environment may be called: CEP 24's rules as the engine holds them, told while one types. The server decides;
 * this only says so earlier.
 */

const MAX_LENGTH = 64;
const RESERVED = ['base', 'root'];
const ALLOWED = /^[A-Za-z0-9_.-]+$/;

export type NameProblem = 'empty' | 'long' | 'reserved' | 'start' | 'characters' | 'end' | 'taken';

/** Why a name will not do; `null` when it will. `taken` are the names of the environments that are there. */
export function problemOfName(name: string, taken: readonly string[]): NameProblem | null {
  if (!name) {
    return 'empty';
  }
  if (name.length > MAX_LENGTH) {
    return 'long';
  }
  if (RESERVED.includes(name.toLowerCase())) {
    return 'reserved';
  }
  if (/^[.-]/.test(name)) {
    return 'start';
  }
  if (!ALLOWED.test(name)) {
    return 'characters';
  }
  if (name.endsWith('.')) {
    return 'end';
  }
  return taken.includes(name) ? 'taken' : null;
}

/** A name that will do and is free, near a text; counted up when it is taken. */
export function freeName(text: string, taken: readonly string[]): string {
  const cleaned = text
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, MAX_LENGTH - 4)
    .replace(/[.-]+$/, '');
  const base = cleaned && !RESERVED.includes(cleaned.toLowerCase()) ? cleaned : `${cleaned || 'my'}-env`;
  let name = base;
  for (let count = 2; taken.includes(name); count += 1) {
    name = `${base}-${count}`;
  }
  return name;
}

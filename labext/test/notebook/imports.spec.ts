import { describe, expect, it } from 'vitest';

import { Imports, parseModules } from '../../src/models/notebook/imports';

describe('parseModules', () => {
  it('reads the text form of a Python string', () => {
    expect(parseModules("'sys,builtins,numpy'")).toEqual(['sys', 'builtins', 'numpy']);
    expect(parseModules('"a,b"')).toEqual(['a', 'b']);
  });

  it('leaves out what is no name, and gives nothing for another value', () => {
    expect(parseModules("'a,,b\\\\c'")).toEqual(['a']);
    expect(parseModules('Ellipsis')).toEqual([]);
    expect(parseModules("''")).toEqual([]);
  });
});

describe('Imports', () => {
  it('dates what it sees first by the state that was left', () => {
    const imports = new Imports(3);
    expect(imports.take(['numpy'], 4)).toEqual(new Map([[3, ['numpy']]]));
    expect(imports.generation).toBe(4);
  });

  it('keeps the date of a module when others come later', () => {
    const imports = new Imports(1);
    imports.take(['numpy'], 2);
    expect(imports.take(['numpy', 'pandas'], 3)).toEqual(
      new Map([
        [1, ['numpy']],
        [2, ['pandas']]
      ])
    );
  });
});

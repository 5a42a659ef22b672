import { describe, expect, it } from 'vitest';

import { missingIn, parseMissingModule, samePackage } from '../../src/models/notebook/missingModule';

describe('parseMissingModule', () => {
  it.each([
    ["No module named 'sklearn'", 'sklearn', 'sklearn'],
    ["No module named 'google.cloud'", 'google.cloud', 'google'],
    ["No module named '_tkinter'", '_tkinter', '_tkinter'],
    ["No module named 'größe'", 'größe', 'größe'],
    ['No module named sklearn', 'sklearn', 'sklearn'],
    ["No module named 'yaml'\n", 'yaml', 'yaml']
  ])('reads %s', (message, module, top) => {
    expect(parseMissingModule(message)).toEqual({ module, top });
  });

  it.each([
    "No module named 'yaml.nothing'; 'yaml' is not a package",
    "cannot import name 'x' from 'y'",
    "No module named ''",
    "No module named 'a b'",
    "No module named 'a..b'",
    "No module named '../evil'",
    "before No module named 'a'",
    ''
  ])('finds none in %s', message => {
    expect(parseMissingModule(message)).toBeNull();
  });
});

describe('missingIn', () => {
  const evalue = "No module named 'cv2'";

  it('reads the error that an import ends a cell with', () => {
    expect(missingIn({ output_type: 'error', ename: 'ModuleNotFoundError', evalue })).toEqual({ module: 'cv2', top: 'cv2' });
  });

  it('takes no other error and no printed text for one', () => {
    expect(missingIn({ output_type: 'error', ename: 'ImportError', evalue })).toBeNull();
    expect(missingIn({ output_type: 'stream' })).toBeNull();
    expect(missingIn({ output_type: 'error', ename: 'ModuleNotFoundError', evalue: [evalue] })).toBeNull();
  });
});

describe('samePackage', () => {
  it('compares as the index does', () => {
    expect(samePackage('Scikit_Learn', 'scikit-learn')).toBe(true);
    expect(samePackage('ruamel.yaml', 'ruamel-yaml')).toBe(true);
    expect(samePackage('numpy', 'numpydoc')).toBe(false);
  });
});

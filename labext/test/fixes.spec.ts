import { describe, expect, it } from 'vitest';

import { fixed, isClickable, replaced } from '../src/models/fixes';
import type { IChangeRequest, IFix } from '../src/services/plans/interfaces';

function fix(values: Partial<IFix>): IFix {
  return { kind: 'widen', request: '', replacement: '', also: [], versions: {}, ...values };
}

const INSTALL: IChangeRequest = { action: 'install', environment: 'x', specs: ['plotkit>=2', 'oldlib', 'gridkit'] };
const YAML = 'name: x\ndependencies:\n  - plotkit>=2  # pictures\n  - "oldlib"\nvariables:\n  A: "1"\n';
const FILE: IChangeRequest = { action: 'create', name: 'x', file: { name: 'environment.yml', text: YAML } };

describe('fixed', () => {
  it('puts the replacement where the request was', () => {
    expect(fixed(INSTALL, fix({ request: 'plotkit>=2', replacement: 'plotkit' })).specs).toEqual(['plotkit', 'oldlib', 'gridkit']);
  });
  it('leaves out a request and what must go with it', () => {
    const drop = fix({ kind: 'drop', request: 'oldlib', also: ['gridkit'] });
    expect(fixed(INSTALL, drop).specs).toEqual(['plotkit>=2']);
  });
  it('asks anew for what is only installed', () => {
    const specs = ['plotkit>=2'];
    expect(fixed({ ...INSTALL, specs }, fix({ request: 'python=3.9', replacement: 'python=3.11' })).specs).toEqual([
      'plotkit>=2',
      'python=3.11'
    ]);
  });
  it('changes a line of a file and nothing else', () => {
    const text = fixed(FILE, fix({ request: 'plotkit>=2', replacement: 'plotkit' })).file?.text;
    expect(text).toBe(YAML.replace('plotkit>=2  # pictures', 'plotkit'));
  });
  it('takes a quoted line out of a file', () => {
    const text = fixed(FILE, fix({ kind: 'drop', request: 'oldlib' })).file?.text;
    expect(text).toBe(YAML.replace('  - "oldlib"\n', ''));
  });
});

describe('replaced', () => {
  it('keeps the version limit and the source', () => {
    expect(replaced({ action: 'install', specs: ['pypi::gridkti>=2'] }, 'gridkti>=2', 'gridkit').specs).toEqual(['pypi::gridkit>=2']);
  });
  it('changes the name in a file', () => {
    expect(replaced(FILE, 'oldlib', 'newlib').file?.text).toContain('  - newlib\n');
  });
});

describe('isClickable', () => {
  it('leaves pins to the person', () => {
    expect(isClickable(INSTALL, fix({ kind: 'unpin', request: 'oldlib' }))).toBe(false);
  });
  it('cannot leave out what was not asked for now', () => {
    expect(isClickable(INSTALL, fix({ kind: 'drop', request: 'scipy' }))).toBe(false);
    expect(isClickable(INSTALL, fix({ kind: 'drop', request: 'oldlib' }))).toBe(true);
    expect(isClickable(FILE, fix({ kind: 'drop', request: 'oldlib' }))).toBe(true);
  });
});

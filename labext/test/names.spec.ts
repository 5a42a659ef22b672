import { describe, expect, it } from 'vitest';

import { freeName, problemOfName } from '../src/models/names';

describe('problemOfName', () => {
  it.each([
    ['analysis', null],
    ['my_env-2.1', null],
    ['', 'empty'],
    ['a'.repeat(65), 'long'],
    ['Base', 'reserved'],
    ['-x', 'start'],
    ['.x', 'start'],
    ['a b', 'characters'],
    ['Zürich', 'characters'],
    ['a/b', 'characters'],
    ['x.', 'end'],
    ['taken', 'taken']
  ])('says of %j: %j', (name, problem) => {
    expect(problemOfName(name, ['taken'])).toBe(problem);
  });
});

describe('freeName', () => {
  it('counts up while a name is taken', () => {
    expect(freeName('environment', ['environment', 'environment-2'])).toBe('environment-3');
  });
  it.each(['a b/c', '..x..', 'base', '', 'ünïcode', 'x'.repeat(100)])('makes an allowed name of %j', text => {
    expect(problemOfName(freeName(text, []), [])).toBeNull();
  });
});

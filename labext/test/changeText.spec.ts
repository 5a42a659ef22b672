import { nullTranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';

import type { IChangeRequest } from '../src/services/plans/interfaces';
import { changeText } from '../src/widgets/changeText';
import { requestText } from '../src/widgets/page/requestText';

const trans = nullTranslator.load('');
const text = (request: IChangeRequest): string => changeText(request, 'analysis', trans);

test('a plan is called after what is done and where', () => {
  expect(text({ action: 'install', specs: ['polars', 'pypi::rich>=13'] })).toBe('Install polars, rich>=13 into analysis');
  expect(text({ action: 'remove', specs: ['polars'] })).toBe('Remove polars from analysis');
  expect(text({ action: 'update' })).toBe('Update everything in analysis');
  expect(text({ action: 'restore', generation: 3 })).toBe('Take analysis back to state 3');
  expect(text({ action: 'undo' })).toBe('Undo the last change of analysis');
});

test('many requests are counted', () => {
  expect(text({ action: 'install', specs: ['a', 'b', 'c', 'd'] })).toBe('Install a, b, c, d into analysis');
  expect(text({ action: 'install', specs: ['a', 'b', 'c', 'd', 'e'] })).toBe('Install a, b, c and 2 more into analysis');
});

test('a step names no source, which its plan shows', () => {
  expect(requestText({ action: 'install', specs: ['pypi::plotly', 'conda-forge::rich>=13'] }, trans)).toBe('Install plotly, rich>=13');
  expect(requestText({ action: 'update', specs: [] }, trans)).toBe('Update everything');
});

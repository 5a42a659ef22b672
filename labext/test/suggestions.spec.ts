import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { SuggestionsModel } from '../src/models/suggestions';
import type { ICatalogueApi, ISearchAnswer } from '../src/services/catalogue/interfaces';

function found(...names: string[]): ISearchAnswer['results'] {
  return names.map(name => ({ name, version: '1.0', source: 'conda', channel: 'main', installed: null, summary: '' }));
}

/** A catalogue that answers what tests put into it. */
class FakeCatalogue {
  answers: ISearchAnswer[] = [];
  asked: string[] = [];

  search(text: string): Promise<ISearchAnswer> {
    this.asked.push(text);
    return Promise.resolve(this.answers.shift() ?? ({ results: found(text), complete: true } as ISearchAnswer));
  }
  package(name: string): Promise<unknown> {
    this.asked.push(`versions of ${name}`);
    const versions = ['2.1', '2.0', '1.9'].map(version => ({ version, source: 'conda' }));
    return Promise.resolve({ name, summary: '', versions });
  }
}

describe('SuggestionsModel', () => {
  let catalogue: FakeCatalogue;
  let model: SuggestionsModel;

  beforeEach(() => {
    vi.useFakeTimers();
    catalogue = new FakeCatalogue();
    model = new SuggestionsModel(catalogue as unknown as ICatalogueApi, null, 10);
  });
  afterEach(() => {
    model.dispose();
    vi.useRealTimers();
  });

  it('asks only for the last of what is typed quickly', async () => {
    model.ask('p');
    model.ask('pa');
    model.ask('pan');
    await vi.advanceTimersByTimeAsync(50);
    expect(catalogue.asked).toEqual(['pan']);
    expect(model.items.map(item => item.spec)).toEqual(['pan']);
  });

  it('asks again while a source has not answered yet', async () => {
    catalogue.answers = [{ results: [], complete: false } as unknown as ISearchAnswer];
    model.ask('pandas');
    await vi.advanceTimersByTimeAsync(50);
    expect(model.busy).toBe(true);
    await vi.advanceTimersByTimeAsync(500);
    expect(model.busy).toBe(false);
    expect(model.items.map(item => item.spec)).toEqual(['pandas']);
  });

  it('offers versions after an operator, read once', async () => {
    model.ask('pypi::numpy>=2');
    await vi.advanceTimersByTimeAsync(50);
    expect(model.items.map(item => item.spec)).toEqual(['pypi::numpy>=2.1', 'pypi::numpy>=2.0']);
    model.ask('pypi::numpy>=1');
    await vi.advanceTimersByTimeAsync(50);
    expect(model.items.map(item => item.spec)).toEqual(['pypi::numpy>=1.9']);
    expect(catalogue.asked).toEqual(['versions of numpy']);
  });

  it('offers nothing for nothing', async () => {
    model.ask('pan');
    model.ask(' ');
    await vi.advanceTimersByTimeAsync(50);
    expect(model.items).toEqual([]);
    expect(catalogue.asked).toEqual([]);
  });
});

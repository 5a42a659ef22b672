import { describe, expect, it } from 'vitest';

import { builtPackages, choicesOf, createWithBuilt, installBuilt, specOf } from '../src/models/built';
import { RecipesModel } from '../src/models/recipes';
import type { IBuildsApi } from '../src/services/builds/interfaces';
import { findPlace } from '../src/services/builds/validate';
import { readJob } from '../src/services/jobs/validate';
import { job } from './fakes';

const PACKAGES = [
  { dist: 'my-lib-1.0-h1_0', state: 'present' },
  { dist: 'my-lib-1.0-py311h2_0', state: 'built' },
  { dist: 'other-2-0', state: 'failed' }
];
const BUILD = readJob({ ...job({ kind: 'build', state: 'done' }), result: { channel: '/srv/channel', packages: PACKAGES } });

describe('installing what a build made', () => {
  it('offers what is in the channel and names exactly one package', () => {
    expect(builtPackages(BUILD).map(specOf)).toEqual(['my-lib=1.0=h1_0', 'my-lib=1.0=py311h2_0']);
  });

  it('puts the channel before those of the server, once', () => {
    const request = installBuilt(BUILD, [PACKAGES[1]!], 'id-a', ['/srv/channel', 'conda-forge']);
    expect(request).toEqual({
      action: 'install',
      environment: 'id-a',
      specs: ['my-lib=1.0=py311h2_0'],
      channels: ['/srv/channel', 'conda-forge']
    });
  });

  it('offers the packages of several outputs together or one by one, builds of one package only one by one', () => {
    const [library, program] = [{ dist: 'libgeo-2.1-h1_0', state: 'built' }, { dist: 'geo-2.1-h2_0', state: 'built' }];
    expect(choicesOf([library!, program!])).toEqual([[library, program], [library], [program]]);
    expect(choicesOf(PACKAGES.slice(0, 2))).toEqual([[PACKAGES[0]], [PACKAGES[1]]]);
    expect(choicesOf([library!])).toEqual([[library]]);
    expect(choicesOf([])).toEqual([]);
    expect(installBuilt(BUILD, [library!, program!], 'id-a', []).specs).toEqual(['libgeo=2.1=h1_0', 'geo=2.1=h2_0']);
  });

  it('begins a new environment with what was built, from its channel', () => {
    const specs = ['my-lib=1.0=py311h2_0'];
    expect(createWithBuilt(BUILD, [PACKAGES[1]!], ['conda-forge'])).toEqual({
      name: 'my-lib',
      specs,
      channels: ['/srv/channel', 'conda-forge']
    });
    expect(createWithBuilt({ ...BUILD, name: 'geo-suite' }, PACKAGES.slice(0, 2), []).name).toBe('geo-suite');
  });
});

describe('findPlace', () => {
  it('finds file and line of a fault, or nothing', () => {
    expect(findPlace({ file: '/r/meta.yaml', line: 4 })).toEqual({ file: '/r/meta.yaml', line: 4 });
    expect(findPlace({ file: '/r/meta.yaml' })).toBeNull();
    expect(findPlace(null)).toBeNull();
  });
});

class Folders implements IBuildsApi {
  answers: ((names: readonly string[]) => void)[] = [];
  recipeFolders(): Promise<readonly string[]> {
    return new Promise(resolve => this.answers.push(resolve));
  }
  build(): Promise<never> {
    return Promise.reject(new Error('not asked for here'));
  }
}

describe('RecipesModel', () => {
  it('knows recipe files by their names, and folders when it has looked', async () => {
    const api = new Folders();
    const model = new RecipesModel(api);
    expect(model.isRecipe({ path: 'a/meta.yaml', type: 'file' })).toBe(true);
    expect(model.isRecipe({ path: 'a/other.yaml', type: 'file' })).toBe(false);
    const looked = model.look('a');
    expect(model.isRecipe({ path: 'a/greet', type: 'directory' })).toBe(false);
    api.answers[0]!(['greet']);
    await looked;
    expect(model.isRecipe({ path: 'a/greet', type: 'directory' })).toBe(true);
    expect(model.isRecipe({ path: 'a/plain', type: 'directory' })).toBe(false);
  });

  it('forgets the answer for a folder that is not shown any more', async () => {
    const api = new Folders();
    const model = new RecipesModel(api);
    const looked = [model.look('a'), model.look('b')];
    api.answers[1]!(['new']);
    api.answers[0]!(['old']);
    await Promise.all(looked);
    expect(model.isRecipe({ path: 'b/new', type: 'directory' })).toBe(true);
    expect(model.isRecipe({ path: 'a/old', type: 'directory' })).toBe(false);
  });
});

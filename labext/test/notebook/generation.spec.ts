import { describe, expect, it } from 'vitest';

import { GenerationModel } from '../../src/models/notebook/generation';
import { FakeKernel, settled } from './fakes';

/** A kernel of a shared environment whose second generation is published. */
class SharedKernel extends FakeKernel {
  override path = '/srv/envs/course';
  override prefix = '/srv/generations/course/2';
  runs = '/srv/generations/course/2';

  override evaluate(): Promise<string | null> {
    this.asked += 1;
    return Promise.resolve(`'${this.runs}'`);
  }
}

async function setUp(fields: Partial<SharedKernel> = {}) {
  const kernel = Object.assign(new SharedKernel(), fields);
  const model = new GenerationModel(kernel);
  await settled();
  return { kernel, model };
}

describe('GenerationModel', () => {
  it('says nothing while the kernel runs in what is published, and asks it once', async () => {
    const { kernel, model } = await setUp();
    kernel.changed.emit();
    await settled();
    expect([model.other, kernel.asked]).toEqual(['', 1]);
  });

  it('tells of another generation, forth or back, and of none when it is the same again', async () => {
    const { kernel, model } = await setUp();
    for (const prefix of ['/srv/generations/course/3', '/srv/generations/course/1']) {
      kernel.prefix = prefix;
      kernel.changed.emit();
      expect(model.other).toBe(prefix);
    }
    kernel.prefix = kernel.runs;
    kernel.changed.emit();
    expect(model.other).toBe('');
  });

  it('finds what a kernel runs in that was started before the page was loaded, and restarted', async () => {
    const { kernel, model } = await setUp({ runs: '/srv/generations/course/1' });
    expect(model.other).toBe('/srv/generations/course/2');
    kernel.restarted.emit();
    expect(model.other).toBe('');
    kernel.changed.emit();
    await settled();
    expect(model.other).toBe('/srv/generations/course/2');
  });

  it('says no more after it was dismissed, until yet another one is published', async () => {
    const { kernel, model } = await setUp({ runs: '/srv/generations/course/1' });
    model.dismiss();
    expect(model.other).toBe('');
    kernel.prefix = '/srv/generations/course/3';
    kernel.changed.emit();
    expect(model.other).toBe('/srv/generations/course/3');
  });

  it('waits for a busy kernel, and leaves alone what has no generations, and other languages', async () => {
    const { kernel, model } = await setUp({ idle: false, runs: '/srv/generations/course/1' });
    expect(kernel.asked).toBe(0);
    kernel.idle = true;
    kernel.changed.emit();
    await settled();
    expect(model.other).toBe('/srv/generations/course/2');
    expect((await setUp({ prefix: '/srv/envs/course' })).kernel.asked).toBe(0);
    expect((await setUp({ language: 'R' })).kernel.asked).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';

import { HeldKernel, IHeldSession } from '../../src/models/notebook/heldKernel';

function setUp({ shouldStart, kernel = null, asks = true }: { shouldStart?: boolean; kernel?: unknown; asks?: boolean } = {}) {
  const calls: unknown[] = [];
  const session = {
    kernelPreference: { name: 'envs-gone', shouldStart },
    ready: Promise.resolve(),
    session: { kernel },
    isDisposed: false,
    startKernel: () => {
      calls.push(['start', session.kernelPreference.shouldStart]);
      return Promise.resolve(asks);
    }
  };
  const select = (): Promise<void> => Promise.resolve(void calls.push('select'));
  return { calls, session, held: new HeldKernel(session as unknown as IHeldSession, select) };
}

describe('HeldKernel', () => {
  it('starts nothing until it is released, then what JupyterLab would have, once', async () => {
    const { calls, session, held } = setUp();
    expect(session.kernelPreference).toEqual({ name: 'envs-gone', shouldStart: false });
    await Promise.all([held.release(), held.release()]);
    expect(calls).toEqual([['start', undefined], 'select']);
  });

  it('asks for no kernel where one is the obvious choice or was chosen meanwhile', async () => {
    const obvious = setUp({ asks: false });
    await obvious.held.release();
    expect(obvious.calls).toEqual([['start', undefined]]);
    const chosen = setUp({ kernel: {} });
    await chosen.held.release();
    expect([chosen.calls, chosen.session.kernelPreference.shouldStart]).toEqual([[], undefined]);
  });

  it('leaves a notebook without a kernel that was opened so', async () => {
    const { calls, session, held } = setUp({ shouldStart: false });
    await held.release();
    expect([calls, session.kernelPreference.shouldStart]).toEqual([[], false]);
  });

  it('does nothing for a notebook that was closed', async () => {
    const { calls, session, held } = setUp();
    session.isDisposed = true;
    await held.release();
    expect(calls).toEqual([]);
  });
});

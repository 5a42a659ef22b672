import type { ISessionContext } from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { describe, expect, it } from 'vitest';

import { NotebookKernel, NotebookKernels } from '../../src/models/notebook/kernel';

const SPEC = { language: 'python', metadata: { conda_env_path: '/envs/analysis' } };

/** As much of a session and of the list of specifications as the model reads. */
function fakeSession(reply: () => Promise<unknown> = () => Promise.resolve(undefined)) {
  const requests: unknown[] = [];
  const owner = {};
  const requestExecute = (content: unknown) => {
    requests.push(content);
    return { done: reply() };
  };
  const kernel = { id: 'k1', name: 'envs-analysis', status: 'idle', requestExecute };
  const context = {
    session: { kernel } as { kernel: Partial<typeof kernel> | null },
    kernelChanged: new Signal<object, void>(owner),
    statusChanged: new Signal<object, string>(owner),
    disposed: new Signal<object, void>(owner)
  };
  const specs = {
    specs: { kernelspecs: { 'envs-analysis': SPEC } as Record<string, unknown> },
    specsChanged: new Signal<object, void>(owner)
  };
  const model = new NotebookKernel(context as unknown as ISessionContext, specs as unknown as KernelSpec.IManager);
  return { kernel, context, specs, model, requests };
}

describe('NotebookKernel', () => {
  it('reads where the kernel runs from its specification', () => {
    const { model } = fakeSession();
    expect([model.id, model.path, model.language, model.known, model.idle]).toEqual([
      'k1',
      '/envs/analysis',
      'python',
      true,
      true
    ]);
  });

  it('knows where a kernel runs also when its specification has gone', () => {
    const { model, specs } = fakeSession();
    specs.specs = { kernelspecs: {} };
    specs.specsChanged.emit();
    expect([model.path, model.known]).toEqual(['/envs/analysis', false]);
  });

  it('forgets it when another kernel, or none, takes its place', () => {
    const { model, context } = fakeSession();
    let restarts = 0;
    model.restarted.connect(() => (restarts += 1));
    context.session = { kernel: { id: 'k2', name: 'python3' } };
    context.kernelChanged.emit();
    expect([model.id, model.path, model.language, restarts]).toEqual(['k2', '', '', 1]);
    context.session = { kernel: null };
    context.kernelChanged.emit();
    expect([model.id, model.known, restarts]).toEqual(['', false, 2]);
  });

  it.each(['restarting', 'autorestarting'])('tells that its imports are gone when it is %s', status => {
    const { model, context } = fakeSession();
    let restarts = 0;
    model.restarted.connect(() => (restarts += 1));
    context.statusChanged.emit('busy');
    context.statusChanged.emit(status);
    expect(restarts).toBe(1);
  });

  it('evaluates without a trace in the history and without waiting for an answer to a prompt', async () => {
    const content = { status: 'ok', user_expressions: { value: { status: 'ok', data: { 'text/plain': "'sys'" } } } };
    const { model, requests } = fakeSession(() => Promise.resolve({ content }));
    expect(await model.evaluate('expression')).toBe("'sys'");
    expect(requests).toEqual([
      {
        code: '',
        silent: true,
        store_history: false,
        allow_stdin: false,
        stop_on_error: false,
        user_expressions: { value: 'expression' }
      }
    ]);
  });

  it.each([
    ['fails', { status: 'ok', user_expressions: { value: { status: 'error', ename: 'NameError' } } }],
    ['is aborted', { status: 'aborted' }]
  ])('gives nothing when the expression %s', async (_, content) => {
    expect(await fakeSession(() => Promise.resolve({ content })).model.evaluate('x')).toBeNull();
  });

  it('gives nothing when the kernel is restarted meanwhile, or when there is none', async () => {
    const { model, context } = fakeSession(() => Promise.reject(new Error('Canceled')));
    expect(await model.evaluate('x')).toBeNull();
    context.session = { kernel: null };
    expect(await model.evaluate('x')).toBeNull();
  });
});

describe('NotebookKernels', () => {
  it('gives the same object for the same session', () => {
    const { context, specs } = fakeSession();
    const kernels = new NotebookKernels(specs as unknown as KernelSpec.IManager);
    const session = context as unknown as ISessionContext;
    expect(kernels.of(session)).toBe(kernels.of(session));
  });
});

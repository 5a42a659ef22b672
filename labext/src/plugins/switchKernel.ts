/** Giving a notebook another kernel. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { ISessionContext, showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { asProblem } from '../services/errors';

/** Start a kernel in the place of the present one; it may be younger than what this tab knows of kernels. */
export async function switchKernel(app: JupyterFrontEnd, session: ISessionContext, name: string): Promise<void> {
  await app.serviceManager.kernelspecs.refreshSpecs();
  await session.changeKernel({ name });
}

/** Do it because a person asks: why it could not be done is shown. */
export function takeKernel(app: JupyterFrontEnd, session: ISessionContext, name: string, trans: TranslationBundle): void {
  switchKernel(app, session, name).catch(error =>
    showErrorMessage(trans.__('The kernel was not changed'), asProblem(error).message)
  );
}

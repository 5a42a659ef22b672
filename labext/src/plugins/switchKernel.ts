/** Giving a notebook another kernel. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';

/** Start a kernel in the place of the present one; it may be younger than what this tab knows of kernels. */
export async function switchKernel(app: JupyterFrontEnd, session: ISessionContext, name: string): Promise<void> {
  await app.serviceManager.kernelspecs.refreshSpecs();
  await session.changeKernel({ name });
}

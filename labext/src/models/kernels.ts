/** Which environment a kernel belongs to. */

import type { KernelSpec } from '@jupyterlab/services';

/** The prefix that a kernel's specification names; empty when it names none. */
export function pathOfKernel(specs: KernelSpec.ISpecModels | null, name: string | undefined): string {
  const path = name ? specs?.kernelspecs[name]?.metadata?.['conda_env_path'] : undefined;
  return typeof path === 'string' ? path : '';
}

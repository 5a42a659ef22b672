/** Which environment a kernel belongs to. */

import type { KernelSpec } from '@jupyterlab/services';

/** The prefix that a kernel's specification names; empty when it names none. */
export function pathOfKernel(specs: KernelSpec.ISpecModels | null, name: string | undefined): string {
  const path = name ? specs?.kernelspecs[name]?.metadata?.['conda_env_path'] : undefined;
  return typeof path === 'string' ? path : '';
}

/** The prefix of the generation that a kernel's specification of ours names; empty when it names none. */
export function prefixOfKernel(specs: KernelSpec.ISpecModels | null, name: string | undefined): string {
  const ours = name ? specs?.kernelspecs[name]?.metadata?.['jupyter_envs'] : undefined;
  const prefix = typeof ours === 'object' && ours !== null ? (ours as Record<string, unknown>)['prefix'] : undefined;
  return typeof prefix === 'string' ? prefix : '';
}

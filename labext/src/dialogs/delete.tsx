/** Asks before an environment is deleted, and says what that frees and whose kernels it ends. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Waiting } from '../models/waiting';
import type { IDiskUsage, IEnvironment } from '../services/environments/interfaces';
import type { IEnvironmentsManager } from '../tokens';
import { FlowFooter } from '../widgets/flowFooter';
import { formatBytes } from '../widgets/format';
import { showFlow } from './flow';

/** Ask; `running` is how many kernels run in it now. */
export async function confirmDelete(
  manager: IEnvironmentsManager,
  environment: IEnvironment,
  running: number,
  trans: TranslationBundle
): Promise<boolean> {
  const usage = new Waiting(manager.api.environments.disk(environment.id));
  let agreed = false;
  const dialog = showFlow({
    title: trans.__('Delete %1?', environment.name),
    changed: usage.changed,
    focus: '.jp-mod-reject',
    render: () => (
      <>
        <p className="jp-envs-Path">{environment.path}</p>
        <p>{trans.__('The environment, its history and its kernel are deleted. This cannot be undone.')}</p>
        {running > 0 && (
          <p className="jp-envs-Plan-warning">
            {trans._n('%1 running kernel uses it and will break.', '%1 running kernels use it and will break.', running)}
          </p>
        )}
        <p role="status">{freedText(usage, trans)}</p>
        <FlowFooter
          buttons={[
            { label: trans.__('Cancel'), onClick: () => dialog.close() },
            {
              label: trans.__('Delete'),
              warn: true,
              onClick: () => {
                agreed = true;
                dialog.close();
              }
            }
          ]}
        />
      </>
    )
  });
  await dialog.closed;
  usage.dispose();
  return agreed;
}

function freedText(usage: Waiting<IDiskUsage>, trans: TranslationBundle): string {
  if (usage.problem) {
    return '';
  }
  if (!usage.value) {
    return trans.__('Measuring what that frees…');
  }
  const { unique, shared } = usage.value;
  return shared > 0
    ? trans.__('It frees %1; %2 stay, because the package cache shares them.', formatBytes(unique), formatBytes(shared))
    : trans.__('It frees %1.', formatBytes(unique));
}

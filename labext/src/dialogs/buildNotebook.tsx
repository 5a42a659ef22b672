/** Plans the environment of a notebook in a dialog, and builds it when the person agrees. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { CarriedModel } from '../models/notebook/carried';
import { NotebookPlans } from '../models/notebook/notebookPlans';
import type { IEnvironmentsManager } from '../tokens';
import { DifferenceNote } from '../widgets/notebook/differenceNote';
import { ForeignNote } from '../widgets/notebook/foreignNote';
import { ScriptsNote } from '../widgets/notebook/scriptsNote';
import { showPlanDialog } from './plan';

/**
 * Asks before a channel is contacted that the settings do not name; what scripts packages bring that had to be downloaded
 * is known after that, and shown in a second plan before any is run.
 *
 * Resolves with the name of the new environment's kernel; empty when the person does not agree, or it was not built
 * (which is told where jobs are). `file` lies beside the notebook.
 */
export async function buildEnvironment(
  manager: IEnvironmentsManager,
  model: CarriedModel,
  file: string,
  trans: TranslationBundle
): Promise<string> {
  const { answer, notebook } = model;
  if (!answer || !notebook) {
    return '';
  }
  const place = file && PathExt.join(PathExt.dirname(notebook.path), file);
  const foreign = answer.foreign[file] ?? [];
  if (foreign.length > 0 && !(await agreeTo(foreign, trans))) {
    return '';
  }
  const plans = new NotebookPlans(manager.api.plans, manager.api.notebooks, notebook, answer, place, foreign);
  const note = (): JSX.Element => (
    <>
      {answer.because && !file && <DifferenceNote because={answer.because} difference={plans.difference} trans={trans} />}
      <ScriptsNote unknown={plans.scriptsUnknown} hosts={plans.hosts} foreign={plans.foreignHosts} trans={trans} />
    </>
  );
  const title = trans.__('Build the environment of %1', PathExt.basename(notebook.path));
  for (;;) {
    const job = await showPlanDialog(manager, { request: plans.request, title, plans, note }, trans);
    const ended = job && (await manager.jobs.whenEnded(job));
    if (ended?.state !== 'done' || ended.result?.executed) {
      return ended?.result?.kernels[0] ?? '';
    }
  }
}

async function agreeTo(channels: readonly string[], trans: TranslationBundle): Promise<boolean> {
  const answer = await showDialog({
    title: trans._n(
      'Contact a channel that your settings do not name?',
      'Contact channels that your settings do not name?',
      channels.length
    ),
    body: new ForeignNote(channels, trans),
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Contact') })],
    defaultButton: 0
  });
  return answer.button.accept;
}

/** Plans the environment of a notebook in a dialog, and builds it when the person agrees. */

import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { CarriedModel } from '../models/notebook/carried';
import { NotebookPlans } from '../models/notebook/notebookPlans';
import type { IEnvironmentsManager } from '../tokens';
import { DifferenceNote } from '../widgets/notebook/differenceNote';
import { showPlanDialog } from './plan';

/**
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
  const plans = new NotebookPlans(manager.api.plans, manager.api.notebooks, notebook, answer, place);
  const note = (): JSX.Element | null =>
    answer.because && !file ? <DifferenceNote because={answer.because} difference={plans.difference} trans={trans} /> : null;
  const title = trans.__('Build the environment of %1', PathExt.basename(notebook.path));
  const job = await showPlanDialog(manager, { request: plans.request, title, plans, note }, trans);
  const ended = job && (await manager.jobs.whenEnded(job));
  return ended?.state === 'done' ? (ended.result?.kernels[0] ?? '') : '';
}

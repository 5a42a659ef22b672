/** Shows running jobs in the status bar, and tells when one has ended. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, TranslationBundle, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands/ids';
import { NoticeAction, noticeOf } from '../models/notices';
import type { IJob } from '../services/jobs/interfaces';
import { IEnvironmentsManager } from '../tokens';
import { againText } from '../widgets/again';
import { outcomeText } from '../widgets/jobText';
import { JobsStatus } from '../widgets/jobsStatus';

const SUCCESS_SHOWN_MS = 10_000;

export const jobsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envs:jobs',
  description: 'Running changes in the status bar, and notifications when they end.',
  autoStart: true,
  requires: [IEnvironmentsManager],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: IEnvironmentsManager,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_envs');
    const { jobs } = manager;
    // A job that ended while this tab was loading is told when there is somebody who shows it.
    jobs.ended.connect((_, job) => void app.restored.then(() => tell(app, manager, job, trans)));
    statusBar?.registerStatusItem('jupyter-envs:jobs', {
      item: new JobsStatus(jobs, trans, () => void app.commands.execute(CommandIDs.showJobs)),
      align: 'middle',
      isActive: () => jobs.live.length > 0,
      activeStateChanged: jobs.changed as never
    });
  }
};

function tell(app: JupyterFrontEnd, manager: IEnvironmentsManager, job: IJob, trans: TranslationBundle): void {
  const request = manager.jobs.requestOf(job.id);
  const notice = noticeOf(job, request, manager.settings.values.notify);
  if (notice) {
    // A build takes minutes: what it made waits for whoever comes back.
    const isPassing = (notice.type === 'success' || notice.type === 'info') && !notice.actions.includes('built');
    Notification.emit(outcomeText(job, trans, request?.specs), notice.type, {
      autoClose: isPassing ? SUCCESS_SHOWN_MS : false,
      actions: notice.actions
        .filter(action => action !== 'rebuild' || app.commands.isVisible(CommandIDs.rebuild, { job: job.id }))
        .map(action => button(app, job, action, trans))
    });
  }
}

function button(
  app: JupyterFrontEnd,
  job: IJob,
  action: NoticeAction,
  trans: TranslationBundle
): Notification.IAction {
  const id = job.environment ?? undefined;
  const run = (command: string, args: object) => () => void app.commands.execute(command, args as never);
  const buttons: Record<NoticeAction, Notification.IAction> = {
    notebook: { label: trans.__('Open notebook'), callback: run(CommandIDs.newNotebook, { id }), displayType: 'accent' },
    open: { label: trans.__('Show it'), callback: run(CommandIDs.open, { id }), displayType: 'link' },
    undo: { label: trans.__('Undo'), callback: run(CommandIDs.undo, { id, confirm: false }) },
    retry: { label: againText('retry', trans), callback: run(CommandIDs.retryJob, { job: job.id }), displayType: 'accent' },
    fix: { label: againText('fix', trans), callback: run(CommandIDs.retryJob, { job: job.id }), displayType: 'accent' },
    rebuild: { label: trans.__('Build again'), callback: run(CommandIDs.rebuild, { job: job.id }) },
    built: { label: trans.__('Install…'), callback: run(CommandIDs.installBuilt, { job: job.id }), displayType: 'accent' },
    log: { label: trans.__('Show log'), callback: run(CommandIDs.showLog, { job: job.id }), displayType: 'link' }
  };
  return buttons[action];
}

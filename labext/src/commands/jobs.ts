/** Commands for jobs: show them, show a log, ask one to stop, ask again for what was not done. */

import { historyIcon } from '@jupyterlab/ui-components';
import { LogModel } from '../models/log';
import { againOf } from '../models/notices';
import { LogPanel } from '../widgets/logPanel';
import type { ICommandContext } from './context';
import { CommandIDs } from './ids';

const JOB_ARGUMENT = {
  args: { type: 'object', required: ['job'], properties: { job: { type: 'string', description: 'The id of a job' } } }
} as const;

/** Register them. */
export function addJobCommands(context: ICommandContext): void {
  const { app, manager, trans } = context;
  app.commands.addCommand(CommandIDs.showJobs, {
    label: trans.__('Show Past Changes'),
    icon: args => (args['isPalette'] ? undefined : historyIcon),
    execute: async () => {
      manager.sidebar.showJobs = true;
      await app.commands.execute(CommandIDs.showSidebar);
    }
  });
  app.commands.addCommand(CommandIDs.cancelJob, {
    label: trans.__('Cancel Change'),
    describedBy: JOB_ARGUMENT,
    isVisible: () => false,
    execute: args => manager.jobs.cancel(String(args['job']))
  });
  app.commands.addCommand(CommandIDs.retryJob, {
    label: trans.__('Retry Change'),
    describedBy: JOB_ARGUMENT,
    isVisible: () => false,
    execute: args => {
      const job = manager.jobs.find(String(args['job']));
      const request = job && manager.jobs.requestOf(job.id);
      const problem = job && againOf(job, request) === 'fix' ? job.error : null;
      return request && app.commands.execute(CommandIDs.change, { request, problem } as never);
    }
  });
  const panels = new Map<string, LogPanel>();
  app.commands.addCommand(CommandIDs.showLog, {
    label: trans.__('Show Log'),
    describedBy: JOB_ARGUMENT,
    isVisible: () => false,
    execute: args => {
      const id = String(args['job']);
      const panel = panels.get(id) ?? makePanel(context, id);
      panels.set(id, panel);
      panel.disposed.connect(() => panels.delete(id));
      app.shell.activateById(panel.id);
    }
  });
}

function makePanel(context: ICommandContext, id: string): LogPanel {
  const { app, manager, trans } = context;
  const run = (command: string) => () => void app.commands.execute(command, { job: id });
  const actions = { onCancel: run(CommandIDs.cancelJob), onAgain: run(CommandIDs.retryJob) };
  const panel = new LogPanel(new LogModel(manager.jobs, id), trans, actions);
  app.shell.add(panel, 'down', { type: 'Environments' });
  return panel;
}

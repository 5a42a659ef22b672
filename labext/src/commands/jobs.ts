/** Commands for jobs: show them, show a log, ask one to stop. */

import { historyIcon } from '@jupyterlab/ui-components';
import { LogModel } from '../models/log';
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
  const panel = new LogPanel(new LogModel(manager.jobs, id), trans, () => void app.commands.execute(CommandIDs.cancelJob, { job: id }));
  app.shell.add(panel, 'down', { type: 'Environments' });
  return panel;
}

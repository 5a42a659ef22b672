/** The page of an environment: its name and facts, the change that runs, the tabs, and the cart below them. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { JobsModel } from '../../models/jobs';
import type { PageModel, PageTab } from '../../models/page/page';
import { LiveJob } from '../jobList';
import { obstacleSentence } from '../obstacleText';
import { AddTab } from './addTab';
import { CartBar } from './cartBar';
import { ExportTab } from './exportTab';
import { HealthTab } from './healthTab';
import { HistoryTab } from './historyTab';
import { KernelTab } from './kernelTab';
import { PackagesTab } from './packagesTab';
import { PageHead } from './pageHead';
import { PlanTab } from './planTab';
import { Empty } from './states';
import { TabPanel, Tabs } from './tabs';
import { useModel } from './useModel';

/** What the page asks the application to do. */
export interface IPageActions {
  readonly newNotebook: (id: string) => void;
  readonly rename: (id: string) => void;
  readonly clone: (id: string) => void;
  readonly remove: (id: string) => void;
  readonly close: () => void;
  readonly copy: (text: string) => void;
  /** Save a text in the file browser's folder; `null` where there is no file browser. */
  readonly save: ((filename: string, text: string) => Promise<void>) | null;
  readonly folder: () => string;
  readonly cancel: (job: string) => void;
  readonly showLog: (job: string) => void;
}

export interface IPageProps {
  readonly model: PageModel;
  readonly jobs: JobsModel;
  readonly actions: IPageActions;
  readonly trans: TranslationBundle;
  /** Makes ids unique in the document. */
  readonly prefix: string;
}

export function PageView(props: IPageProps): JSX.Element {
  const { model, actions, trans, prefix } = props;
  useModel(model);
  useModel(model.cart);
  useModel(model.packages);
  const labels = labelsOf(trans);
  const counts: Partial<Record<PageTab, number>> = { packages: countPackages(model) };
  if (model.isGone) {
    return <Gone {...props} />;
  }
  return (
    <>
      <PageHead environment={model.environment} actions={actions} trans={trans} />
      <Obstacle {...props} />
      <Running {...props} />
      <Tabs
        prefix={prefix}
        label={trans.__('Parts of the environment')}
        tabs={model.tabs.map(id => ({ id, label: labels[id], count: counts[id] ?? 0 }))}
        current={model.tab}
        onChoose={tab => model.setTab(tab)}
      />
      <TabPanel prefix={prefix} tab={model.tab}>
        <Tab {...props} />
      </TabPanel>
      {model.cart.items.length > 0 && model.tab !== 'plan' && !model.obstacle && (
        <CartBar
          items={model.cart.items}
          trans={trans}
          onTake={name => model.cart.take(name)}
          onClear={() => model.cart.clear()}
          onReview={() => model.review()}
        />
      )}
    </>
  );
}

function Tab(props: IPageProps): JSX.Element {
  const { model, actions, trans, prefix } = props;
  switch (model.tab) {
    case 'packages':
      return <PackagesTab page={model} trans={trans} prefix={prefix} />;
    case 'add':
      return <AddTab page={model} trans={trans} prefix={prefix} />;
    case 'plan':
      return <PlanTab page={model} trans={trans} />;
    case 'history':
      return <HistoryTab page={model} trans={trans} />;
    case 'health':
      return <HealthTab page={model} trans={trans} />;
    case 'kernel':
      return <KernelTab page={model} trans={trans} actions={actions} />;
    default:
      return <ExportTab model={model.export} trans={trans} actions={actions} />;
  }
}

/** Why it cannot be changed, and the way to one that can. */
function Obstacle(props: IPageProps): JSX.Element | null {
  const { model, actions, trans } = props;
  const { obstacle } = model;
  if (!obstacle) {
    return null;
  }
  return (
    <div className="jp-envs-Page-obstacle">
      <span>{obstacleSentence(obstacle, trans)}</span>
      {obstacle !== 'venv' && (
        <Button className="jp-mod-styled jp-mod-accept" onClick={() => actions.clone(model.id)}>
          {trans.__('Clone…')}
        </Button>
      )}
    </div>
  );
}

function Running(props: IPageProps): JSX.Element | null {
  const { model, jobs, trans, actions } = props;
  useModel(jobs);
  const job = model.liveJob;
  return (
    job && (
      <ul className="jp-envs-Running" aria-label={trans.__('Running change')}>
        <LiveJob
          job={job}
          progress={jobs.progressOf(job.id)}
          trans={trans}
          onCancel={actions.cancel}
          onLog={actions.showLog}
        />
      </ul>
    )
  );
}

function Gone(props: IPageProps): JSX.Element {
  const { model, actions, trans } = props;
  const name = model.environment?.name ?? '';
  return (
    <Empty title={name ? trans.__('%1 is no longer there', name) : trans.__('This environment is no longer there')}>
      <p>{trans.__('It was deleted, or moved to another place.')}</p>
      <button className="jp-Button jp-mod-styled jp-mod-accept" onClick={actions.close}>
        {trans.__('Close this page')}
      </button>
    </Empty>
  );
}

/** The list has those of pip and the like, too; while it is old, the environment's own count is nearer. */
function countPackages(model: PageModel): number {
  const { installed } = model.packages;
  const listed = installed.stale ? undefined : installed.value?.length;
  return listed ?? model.environment?.packages ?? 0;
}

function labelsOf(trans: TranslationBundle): Record<PageTab, string> {
  return {
    packages: trans.__('Packages'),
    add: trans.__('Add'),
    plan: trans.__('Plan'),
    history: trans.__('History'),
    health: trans.__('Health'),
    kernel: trans.__('Kernel and variables'),
    export: trans.__('Export')
  };
}

/** The sidebar's Lumino panel: hands what the models know to the components that draw it. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { environmentIcon } from '../icons';
import type { AllowanceModel } from '../models/allowance';
import type { JobsModel } from '../models/jobs';
import { againOf } from '../models/notices';
import type { SidebarModel } from '../models/sidebar';
import type { SuggestionsModel } from '../models/suggestions';
import { JobList } from './jobList';
import { QuotaNote } from './quotaNote';
import { ISidebarActions, SidebarView } from './sidebarView';

export interface ISidebarOptions {
  readonly model: SidebarModel;
  readonly jobs: JobsModel;
  readonly allowance: AllowanceModel;
  readonly suggestions: SuggestionsModel;
  readonly actions: ISidebarActions;
  /** The sidebar has come into view. */
  readonly onShow: () => void;
  readonly trans: TranslationBundle;
}

export class SidebarPanel extends ReactWidget {
  constructor(private readonly _options: ISidebarOptions) {
    super();
    this.id = 'jp-envs-sidebar';
    this.addClass('jp-envs-Sidebar');
    this.title.icon = environmentIcon;
    this.title.caption = _options.trans.__('Environments');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _options.trans.__('Environments'));
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._options.onShow();
  }

  protected render(): JSX.Element {
    const { model, jobs, suggestions, allowance, trans } = this._options;
    return (
      <>
        <UseSignal signal={model.changed}>
          {() => <UseSignal signal={suggestions.changed}>{() => this._view()}</UseSignal>}
        </UseSignal>
        <UseSignal signal={allowance.changed}>{() => <QuotaNote allowance={allowance.allowance} trans={trans} />}</UseSignal>
        <UseSignal signal={model.changed}>
          {() => <UseSignal signal={jobs.changed}>{() => this._jobs()}</UseSignal>}
        </UseSignal>
      </>
    );
  }

  private _view(): JSX.Element {
    const { model, suggestions, actions, trans } = this._options;
    const { environments } = model;
    return (
      <SidebarView
        environments={environments.environments}
        active={environments.active}
        problem={environments.problem}
        filter={model.filter}
        groups={model.groups}
        isFolded={group => model.isFolded(group)}
        selected={model.selected}
        suggestions={suggestions.items}
        looking={suggestions.busy}
        lookProblem={suggestions.problem}
        trans={trans}
        onAsk={text => suggestions.ask(text)}
        onFilter={text => (model.filter = text)}
        onFold={(group, folded) => model.fold(group, folded)}
        {...actions}
      />
    );
  }

  private _jobs(): JSX.Element {
    const { model, jobs, actions, trans } = this._options;
    return (
      <JobList
        live={jobs.live}
        past={jobs.past}
        problem={jobs.problem}
        unfolded={model.showJobs}
        progressOf={id => jobs.progressOf(id)}
        trans={trans}
        onUnfold={unfolded => (model.showJobs = unfolded)}
        onCancel={actions.onCancel}
        onLog={actions.onLog}
        againOf={job => againOf(job, jobs.requestOf(job.id))}
        onAgain={actions.onAgain}
      />
    );
  }
}

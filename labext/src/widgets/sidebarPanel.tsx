/** The sidebar's Lumino panel: hands what the models know to the components that draw it. */

import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { pythonIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { EnvironmentsModel } from '../models/environments';
import type { JobsModel } from '../models/jobs';
import type { IEnvironment } from '../services/environments/interfaces';
import { EnvironmentList } from './environmentList';
import { JobList } from './jobList';

export interface ISidebarOptions {
  readonly environments: EnvironmentsModel;
  readonly jobs: JobsModel;
  readonly trans: TranslationBundle;
  readonly onCreate: () => void;
  readonly onInstall: (environment: IEnvironment, specs: readonly string[]) => void;
}

export class SidebarPanel extends ReactWidget {
  constructor(private readonly _options: ISidebarOptions) {
    super();
    this.id = 'jp-envs-sidebar';
    this.addClass('jp-envs-Sidebar');
    this.title.icon = pythonIcon;
    this.title.caption = _options.trans.__('Environments');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _options.trans.__('Environments'));
  }

  protected render(): JSX.Element {
    const { environments, jobs, trans, onCreate, onInstall } = this._options;
    return (
      <>
        <UseSignal signal={environments.changed}>
          {() => (
            <EnvironmentList
              environments={environments.environments}
              active={environments.active}
              problem={environments.problem}
              trans={trans}
              onCreate={onCreate}
              onRetry={() => void environments.refresh()}
              onInstall={onInstall}
            />
          )}
        </UseSignal>
        <UseSignal signal={jobs.changed}>
          {() => (
            <JobList
              jobs={jobs.live}
              progressOf={id => jobs.progressOf(id)}
              trans={trans}
              onCancel={id => void jobs.cancel(id).catch(error => console.warn('Not cancelled', error))}
            />
          )}
        </UseSignal>
      </>
    );
  }
}

/** The status bar's item: what is being changed, and how far it is. */

import { ReactWidget } from '@jupyterlab/apputils';
import { GroupItem, ProgressBar, TextItem } from '@jupyterlab/statusbar';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { JobsModel } from '../models/jobs';
import { jobTitle } from './jobText';

const SPACING = 6;

export class JobsStatus extends ReactWidget {
  constructor(
    private readonly _jobs: JobsModel,
    private readonly _trans: TranslationBundle,
    private readonly _onClick: () => void
  ) {
    super();
    this.addClass('jp-envs-Status');
    this.addClass('jp-mod-highlighted');
  }

  protected render(): JSX.Element {
    return <UseSignal signal={this._jobs.changed}>{() => this._item()}</UseSignal>;
  }

  private _item(): JSX.Element | null {
    const [job, ...others] = this._jobs.live;
    if (!job) {
      return null;
    }
    const trans = this._trans;
    const title = jobTitle(job, trans);
    const text = others.length > 0 ? trans._n('%2 and %1 more', '%2 and %1 more', others.length, title) : title;
    const percent = Math.round((this._jobs.progressOf(job.id)?.fraction ?? 0) * 100);
    return (
      <GroupItem
        spacing={SPACING}
        role="button"
        tabIndex={0}
        aria-label={trans.__('%1, %2%; show the changes', text, percent)}
        title={trans.__('Show the changes')}
        onClick={this._onClick}
        onKeyDown={event => event.key === 'Enter' && this._onClick()}
      >
        <TextItem source={text} />
        <ProgressBar percentage={percent} />
      </GroupItem>
    );
  }
}

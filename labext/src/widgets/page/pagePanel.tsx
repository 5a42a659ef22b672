/** The Lumino side of the page: a widget that draws it and knows whether it is seen. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { JobsModel } from '../../models/jobs';
import type { PageModel } from '../../models/page/page';
import { IPageActions, PageView } from './pageView';

export interface IPagePanelOptions {
  readonly model: PageModel;
  readonly jobs: JobsModel;
  readonly actions: IPageActions;
  readonly trans: TranslationBundle;
}

let count = 0;

/** Owns the model: both end together. */
export class PagePanel extends ReactWidget {
  constructor(private readonly _options: IPagePanelOptions) {
    super();
    count += 1;
    this._prefix = `jp-envs-page-${count}`;
    this.addClass('jp-envs-Page');
  }

  get model(): PageModel {
    return this._options.model;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      super.dispose();
      this.model.dispose();
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.model.setSeen(true);
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.model.setSeen(false);
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.model.setSeen(this.isVisible);
  }

  protected render(): JSX.Element {
    return <PageView {...this._options} prefix={this._prefix} />;
  }

  private readonly _prefix: string;
}

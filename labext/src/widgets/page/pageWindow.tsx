/**
 * A page over the whole window, for an application that has no main area with room for it: Notebook 7. The application
 * below is inert meanwhile; dialogs still come on top.
 */

import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, closeIcon } from '@jupyterlab/ui-components';
import { BoxPanel, Widget } from '@lumino/widgets';
import * as React from 'react';

/** Owns the page: closing disposes it. */
export class PageWindow extends BoxPanel {
  /**
   * @param page - what is shown
   * @param _below - the node of the application
   */
  constructor(
    page: Widget,
    private readonly _below: HTMLElement,
    trans: TranslationBundle
  ) {
    super({ direction: 'top-to-bottom', spacing: 0 });
    this.addClass('jp-envs-PageWindow');
    this.addClass('jp-ThemedContainer');
    this.node.setAttribute('role', 'dialog');
    this.node.setAttribute('aria-modal', 'true');
    this.node.setAttribute('aria-label', page.title.label);
    const bar = ReactWidget.create(<CloseButton trans={trans} onClose={() => this.dispose()} />);
    bar.addClass('jp-envs-PageWindow-bar');
    this.addWidget(bar);
    this.addWidget(page);
    BoxPanel.setStretch(bar, 0);
    BoxPanel.setStretch(page, 1);
    page.disposed.connect(() => this.dispose());
  }

  /** Show it. */
  open(): void {
    this._focused = document.activeElement;
    this._below.inert = true;
    this.node.addEventListener('keydown', this._onKeyDown);
    window.addEventListener('resize', this._onResize);
    Widget.attach(this, document.body);
    this.node.querySelector<HTMLElement>('button')?.focus();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._below.inert = false;
    window.removeEventListener('resize', this._onResize);
    super.dispose();
    if (this._focused instanceof HTMLElement) {
      this._focused.focus();
    }
  }

  /** Escape closes the window, unless something in it had a use for it. */
  private readonly _onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !event.defaultPrevented) {
      this.dispose();
    }
  };

  private readonly _onResize = (): void => this.update();
  private _focused: Element | null = null;
}

function CloseButton(props: { trans: TranslationBundle; onClose: () => void }): JSX.Element {
  return (
    <Button minimal onClick={props.onClose}>
      <closeIcon.react tag="span" className="jp-envs-Icon" />
      {props.trans.__('Close')}
    </Button>
  );
}

/**
 * A dialog of several steps: its body draws the footer too, because the buttons change from step to step. Owns the
 * closing, the focus that stays inside, and that Escape closes an open list before it closes the dialog.
 */

import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import { UseSignal } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

const FOCUSABLE = 'button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), [tabindex="0"]';

export interface IFlow {
  readonly title: string;
  readonly changed: ISignal<unknown, unknown>;
  /** Draw the present step. */
  readonly render: () => JSX.Element;
  /** What has the focus at first. */
  readonly focus: string;
}

/** A dialog that is shown; `closed` resolves when it is gone. */
export interface IShownFlow {
  readonly closed: Promise<void>;
  readonly close: () => void;
}

/** Show a dialog. */
export function showFlow(flow: IFlow): IShownFlow {
  const body = new FlowBody(flow);
  const dialog = new FlowDialog({ title: flow.title, body, buttons: [], focusNodeSelector: flow.focus, hasClose: true });
  dialog.addClass('jp-envs-Flow');
  return { closed: dialog.launch().then(() => undefined), close: () => dialog.close() };
}

class FlowDialog extends Dialog<void> {
  override handleEvent(event: Event): void {
    if (event instanceof KeyboardEvent && event.type === 'keydown') {
      if (event.key === 'Escape' && this.node.querySelector('[role=combobox][aria-expanded=true]')) {
        return;
      }
      if (event.key === 'Tab' && this._turn(event.shiftKey)) {
        event.preventDefault();
        event.stopPropagation();
        return;
      }
    }
    super.handleEvent(event);
  }

  /** From the last element to the first and back; `false` in between. */
  private _turn(backwards: boolean): boolean {
    const all = [...this.node.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(node => node.offsetParent !== null);
    const [from, to] = backwards ? [all[0], all[all.length - 1]] : [all[all.length - 1], all[0]];
    if (!this.node.contains(document.activeElement) || document.activeElement === from) {
      to?.focus();
      return true;
    }
    return false;
  }
}

class FlowBody extends ReactWidget {
  constructor(private readonly _flow: IFlow) {
    super();
    this.addClass('jp-envs-Flow-body');
  }

  protected render(): JSX.Element {
    return <UseSignal signal={this._flow.changed}>{() => this._flow.render()}</UseSignal>;
  }
}

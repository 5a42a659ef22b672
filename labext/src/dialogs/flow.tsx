/**
 * A dialog of several steps: it draws title and footer itself, because they change from step to step. Owns the
 * closing, the focus that stays inside from step to step, and that Escape closes an open list before it closes the dialog.
 */

import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import { Button, UseSignal, closeIcon } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

const TITLE = 'jp-envs-flow-title'; // dialogs are shown one at a time
const FOCUSABLE = 'button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), [tabindex="0"]';

export interface IFlow {
  /** What the present step is called. */
  readonly title: string | (() => string);
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
  const body = new FlowBody(flow, () => dialog.keepFocus());
  const title = <UseSignal signal={flow.changed}>{() => <Heading title={titleOf(flow)} onClose={() => dialog.close()} />}</UseSignal>;
  const dialog = new FlowDialog({ title, body, buttons: [], focusNodeSelector: flow.focus, hasClose: true });
  dialog.addClass('jp-envs-Flow');
  dialog.node.setAttribute('aria-labelledby', TITLE);
  return { closed: dialog.launch().then(() => undefined), close: () => dialog.close() };
}

function titleOf(flow: IFlow): string {
  return typeof flow.title === 'string' ? flow.title : flow.title();
}

/** What JupyterLab draws above a dialog, for a title that can change. */
function Heading(props: { title: string; onClose: () => void }): JSX.Element {
  return (
    <>
      <span id={TITLE} className="jp-envs-Flow-title">
        {props.title}
      </span>
      <Button
        className="jp-Dialog-close-button"
        minimal
        title={Dialog.translator.load('jupyterlab').__('Cancel')}
        onClick={props.onClose}
      >
        <closeIcon.react tag="span" />
      </Button>
    </>
  );
}

class FlowDialog extends Dialog<void> {
  private _focused: HTMLElement | null = null;

  /** Take the focus back when what had it is gone or switched off: without it, no key reaches the dialog. */
  keepFocus(): void {
    const content = this.node.querySelector<HTMLElement>('.jp-Dialog-content');
    const { activeElement: active } = document;
    const isLost = !this.node.contains(active) || active === content || active?.matches(':disabled');
    if (content && this.isAttached && isLost) {
      content.tabIndex = -1;
      const buttons = content.querySelectorAll<HTMLElement>('.jp-envs-Flow-footer button');
      const only = buttons.length === 1 ? buttons[0] : null; // what can only be closed is closed by Enter, too
      (content.querySelector<HTMLElement>('.jp-mod-accept:not(:disabled)') ?? only ?? content).focus();
    }
  }

  override handleEvent(event: Event): void {
    if (event.type === 'focus' && this._stays(event)) {
      return;
    }
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

  /**
   * Give the focus back to where it was, not to the first field as JupyterLab does: something outside, such as the
   * launcher that JupyterLab activates last when it starts, may take it between two letters. `false` if nothing had it.
   */
  private _stays(event: Event): boolean {
    if (event.target instanceof HTMLElement && this.node.contains(event.target)) {
      this._focused = event.target;
      return false;
    }
    if (!this._focused?.isConnected || this._focused.matches(':disabled')) {
      return false;
    }
    event.stopPropagation();
    this._focused.focus();
    return true;
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
  constructor(
    private readonly _flow: IFlow,
    private readonly _onDrawn: () => void
  ) {
    super();
    this.addClass('jp-envs-Flow-body');
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this._flow.changed}>{() => <Drawn onDrawn={this._onDrawn}>{this._flow.render()}</Drawn>}</UseSignal>
    );
  }
}

function Drawn(props: { onDrawn: () => void; children: React.ReactNode }): JSX.Element {
  React.useEffect(() => props.onDrawn());
  return <>{props.children}</>;
}

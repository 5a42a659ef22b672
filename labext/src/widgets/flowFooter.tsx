/** The buttons at the foot of a dialog of several steps. */

import * as React from 'react';

export interface IFooterButton {
  readonly label: string;
  readonly onClick: () => void;
  readonly accept?: boolean;
  readonly warn?: boolean;
  readonly disabled?: boolean;
  /** Why it is disabled. */
  readonly title?: string;
}

/** Buttons in the dialog's own style, the accepting one last. */
export function FlowFooter(props: { buttons: readonly IFooterButton[]; note?: string }): JSX.Element {
  return (
    <div className="jp-envs-Flow-footer">
      <span className="jp-envs-Flow-note">{props.note}</span>
      {props.buttons.map(button => (
        <button
          key={button.label}
          type="button"
          className={`jp-Dialog-button jp-mod-styled ${styleOf(button)}`}
          disabled={button.disabled}
          title={button.title}
          onClick={button.onClick}
        >
          <div className="jp-Dialog-buttonLabel">{button.label}</div>
        </button>
      ))}
    </div>
  );
}

function styleOf(button: IFooterButton): string {
  if (button.warn) {
    return 'jp-mod-warn';
  }
  return button.accept ? 'jp-mod-accept' : 'jp-mod-reject';
}

/**
 * A line above a notebook: what there is to say, and what can be done about it. Hidden while there is nothing; where the
 * notebook is narrow it takes as many lines as it needs.
 */

import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, LabIcon, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Model } from '../../models/base';

export interface IBannerButton {
  readonly label: string;
  readonly icon?: LabIcon;
  readonly onClick: () => void;
}

export interface IBannerLine {
  readonly text: string;
  /** The tooltip of the text. */
  readonly details: string;
  readonly buttons: readonly IBannerButton[];
  /** How the line is put away; one that cannot be has none. */
  readonly dismiss?: { readonly title: string; readonly onClick: () => void };
}

/** Follows a model, which it takes with it when it goes. */
export class NotebookBanner extends ReactWidget {
  constructor(
    kind: 'jp-envs-Stale' | 'jp-envs-Carried' | 'jp-envs-Moved' | 'jp-envs-OtherGeneration',
    model: Model,
    private readonly _line: () => IBannerLine | null,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-envs-Banner');
    this.addClass(kind);
    this.node.setAttribute('role', 'status');
    this.disposed.connect(() => model.dispose());
    model.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  protected render(): JSX.Element | null {
    const line = this._line();
    return (
      line && (
        <Fitted onHeight={this._take}>
          <span className="jp-envs-Banner-text" title={line.details}>
            {line.text}
          </span>
          {line.buttons.map(({ label, icon, onClick }) => (
            <Button key={label} className="jp-envs-NotebookButton" small onClick={onClick}>
              {icon && <icon.react tag="span" />}
              {label}
            </Button>
          ))}
          {line.dismiss && this._dismissButton(line.dismiss)}
        </Fitted>
      )
    );
  }

  /** The layout above the notebook gives what is asked for by the style, and knows nothing of what is drawn. */
  private readonly _take = (height: number): void => {
    const least = height > 0 ? `${height}px` : '';
    if (this.node.style.minHeight !== least) {
      this.node.style.minHeight = least;
      this.parent?.fit();
    }
  };

  private _dismissButton({ title, onClick }: NonNullable<IBannerLine['dismiss']>): JSX.Element {
    return (
      <Button small minimal title={title} aria-label={this._trans.__('Dismiss')} onClick={onClick}>
        <closeIcon.react tag="span" />
      </Button>
    );
  }

  private _onChanged(): void {
    this.setHidden(this._line() === null); // hiding makes the layout take or give the room
    this.update();
  }
}

/** Tells its height whenever that is another. */
function Fitted(props: { onHeight: (height: number) => void; children: React.ReactNode }): JSX.Element {
  const { onHeight, children } = props;
  const line = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const node = line.current;
    const observer = new ResizeObserver(() => node && onHeight(node.offsetHeight));
    if (node) {
      observer.observe(node);
    }
    return () => observer.disconnect();
  }, [onHeight]);
  return (
    <div ref={line} className="jp-envs-Banner-line">
      {children}
    </div>
  );
}

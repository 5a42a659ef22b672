/**
 * Keeps a widget below the output of each cell of one notebook whose last error is a missing module. It goes when the
 * outputs do, so also when the cell runs again. It stands in the cell's layout only: nothing of it reaches the file.
 */

import { CodeCell } from '@jupyterlab/cells';
import type { StaticNotebook } from '@jupyterlab/notebook';
import type { PanelLayout, Widget } from '@lumino/widgets';

import { IErrorOutput, IMissingModule, missingIn } from '../../models/notebook/missingModule';

/** Makes what stands below a cell; `fresh` when the cell has run just now rather than been loaded with the file. */
export type MakeSuggestion = (cell: CodeCell, missing: IMissingModule, fresh: boolean) => Widget;

/** Watches the cells of a notebook, whatever model it shows. */
export class CellSuggestions {
  constructor(
    private readonly _notebook: StaticNotebook,
    private readonly _make: MakeSuggestion
  ) {
    _notebook.modelChanged.connect(this._onModel, this);
    this._onModel();
  }

  private _onModel(): void {
    this._notebook.model?.cells.changed.connect(this._watch, this);
    this._watch();
  }

  private _watch(): void {
    for (const cell of this._notebook.widgets) {
      if (cell instanceof CodeCell && !this._watched.has(cell)) {
        this._watched.add(cell);
        new CellSuggestion(cell, this._make);
      }
    }
  }

  private readonly _watched = new WeakSet<CodeCell>();
}

/** Follows the outputs of one cell for as long as it exists. */
class CellSuggestion {
  constructor(
    private readonly _cell: CodeCell,
    private readonly _make: MakeSuggestion
  ) {
    _cell.model.outputs.changed.connect(this._onOutputs, this);
    _cell.disposed.connect(() => this._set(null, false));
    this._set(this._find(), false);
  }

  private _onOutputs(): void {
    const missing = this._find();
    if (missing?.module !== this._missing?.module) {
      this._set(missing, true);
    }
  }

  /** An error ends a cell, but the kernel may print after it, as the magics do. */
  private _find(): IMissingModule | null {
    const { outputs } = this._cell.model;
    for (let index = outputs.length - 1; index >= 0; index--) {
      const output = outputs.get(index);
      if (output.type === 'error') {
        return missingIn(output.toJSON() as IErrorOutput);
      }
    }
    return null;
  }

  private _set(missing: IMissingModule | null, fresh: boolean): void {
    this._widget?.dispose();
    this._widget = null;
    this._missing = missing;
    if (missing) {
      const widget = this._make(this._cell, missing, fresh);
      this._widget = widget;
      // A cell out of sight has no parts yet; they are made when it is scrolled to.
      void this._cell.ready.then(() => this._mount(widget));
    }
  }

  private _mount(widget: Widget): void {
    if (!widget.isDisposed && !this._cell.isDisposed) {
      const layout = this._cell.layout as PanelLayout;
      layout.insertWidget(layout.widgets.length - 1, widget); // the last one is the cell's footer
    }
  }

  private _missing: IMissingModule | null = null;
  private _widget: Widget | null = null;
}

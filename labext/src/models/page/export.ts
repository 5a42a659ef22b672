/** An environment as the text of a file, in a format that is chosen. */

import type { ExportFormat, IEnvironmentsApi, IExport } from '../../services/environments/interfaces';
import { Model } from '../base';
import { Resource } from './resource';

export class ExportModel extends Model {
  constructor(private readonly _api: IEnvironmentsApi, private readonly _id: () => string) {
    super();
    this._text = this._make();
  }

  get format(): ExportFormat {
    return this._format;
  }

  /** Whether a `yaml` names every package with its build; the other formats always or never do. */
  get exact(): boolean {
    return this._exact;
  }

  get text(): Resource<IExport> {
    return this._text;
  }

  show(): Promise<void> {
    return this._text.ensure();
  }

  invalidate(): void {
    this._text.invalidate();
  }

  choose(format: ExportFormat, exact: boolean): void {
    if (format !== this._format || exact !== this._exact) {
      this._format = format;
      this._exact = exact;
      this._text.dispose();
      this._text = this._make();
      void this._text.ensure();
      this.emitChanged();
    }
  }

  override dispose(): void {
    this._text.dispose();
    super.dispose();
  }

  private _make(): Resource<IExport> {
    const [format, exact] = [this._format, this._exact];
    const text = new Resource(() => this._api.export(this._id(), format, exact && format === 'yaml'));
    text.changed.connect(() => this.emitChanged());
    return text;
  }

  private _format: ExportFormat = 'yaml';
  private _exact = false;
  private _text: Resource<IExport>;
}

/** The person's settings of this extension, with what holds before they are read. */

import { Model, same } from './base';
import type { Notify } from './notices';

export interface ISettings {
  readonly showExternal: boolean;
  readonly notify: Notify;
  /** Apply a plan without asking when nothing is removed, goes back or is warned of. */
  readonly applyHarmless: boolean;
}

const DEFAULTS: ISettings = { showExternal: true, notify: 'all', applyHarmless: false };

/** The settings as they are now. */
export class SettingsModel extends Model {
  get values(): ISettings {
    return this._values;
  }

  /** Take what the settings' registry gives; what it does not know keeps its default. */
  take(composite: Readonly<Record<string, unknown>>): void {
    const { showExternal, notify, applyHarmless } = composite;
    const values: ISettings = {
      showExternal: typeof showExternal === 'boolean' ? showExternal : DEFAULTS.showExternal,
      notify: notify === 'problems' || notify === 'none' ? notify : DEFAULTS.notify,
      applyHarmless: typeof applyHarmless === 'boolean' ? applyHarmless : DEFAULTS.applyHarmless
    };
    if (!same(values, this._values)) {
      this._values = values;
      this.emitChanged();
    }
  }

  private _values: ISettings = DEFAULTS;
}

/** Draws again what shows a model. */

import * as React from 'react';

import type { Model } from '../../models/base';

/**
 * Draw the calling component again whenever the model has changed; also when that was after it was drawn and before it
 * listens, for which a busy browser takes its time.
 */
export function useModel(model: Model): void {
  const listen = React.useCallback(
    (draw: () => void) => {
      model.changed.connect(draw);
      return () => {
        model.changed.disconnect(draw);
      };
    },
    [model]
  );
  React.useSyncExternalStore(listen, () => model.version);
}

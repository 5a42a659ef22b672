/** Draws again what shows a model. */

import * as React from 'react';

import type { Model } from '../../models/base';

/** Draw the calling component again whenever the model has changed. */
export function useModel(model: Model): void {
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    model.changed.connect(draw);
    return () => {
      model.changed.disconnect(draw);
    };
  }, [model]);
}

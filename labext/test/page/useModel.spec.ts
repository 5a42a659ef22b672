// @vitest-environment jsdom
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it, vi } from 'vitest';

import { Model } from '../../src/models/base';
import { useModel } from '../../src/widgets/page/useModel';

class Counter extends Model {
  count = 0;

  add(): void {
    this.count += 1;
    this.emitChanged();
  }
}

it('draws what has changed before the component listens, and after', async () => {
  const counter = new Counter();
  const View = (): JSX.Element => {
    useModel(counter);
    React.useLayoutEffect(() => counter.add(), []); // drawn already, and not listening yet
    return React.createElement('p', null, String(counter.count));
  };
  const root = createRoot(document.body.appendChild(document.createElement('div')));
  root.render(React.createElement(View));
  await vi.waitFor(() => expect(document.body.textContent).toBe('1'));
  counter.add();
  await vi.waitFor(() => expect(document.body.textContent).toBe('2'));
  root.unmount();
});

/** What was put together, at the foot of the page, with the button that plans it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ICartItem } from '../../models/page/cart';
import { useFootRoom } from './footRoom';

export interface ICartBarProps {
  readonly items: readonly ICartItem[];
  readonly trans: TranslationBundle;
  readonly onTake: (name: string) => void;
  readonly onClear: () => void;
  readonly onReview: () => void;
}

export function CartBar(props: ICartBarProps): JSX.Element {
  const { items, trans } = props;
  const bar = useFootRoom<HTMLElement>();
  return (
    <section ref={bar} className="jp-envs-Cart" aria-label={trans.__('Changes not yet made')}>
      <ul className="jp-envs-Cart-items">
        {items.map(item => (
          <li key={item.name} className="jp-envs-Wish" data-action={item.action}>
            <span className="jp-envs-Wish-text" title={item.spec}>
              {itemText(item, trans)}
            </span>
            <Button
              minimal
              small
              title={trans.__('Leave it out')}
              aria-label={trans.__('Leave out %1', item.name)}
              onClick={() => props.onTake(item.name)}
            >
              <closeIcon.react tag="span" className="jp-envs-Icon" />
            </Button>
          </li>
        ))}
      </ul>
      <Button className="jp-mod-styled jp-mod-minimal" onClick={props.onClear}>
        {trans.__('Clear')}
      </Button>
      <Button className="jp-mod-styled jp-mod-accept" onClick={props.onReview}>
        {trans._n('Preview %1 change', 'Preview %1 changes', items.length)}
      </Button>
    </section>
  );
}

/** One wish in words. */
export function itemText(item: ICartItem, trans: TranslationBundle): string {
  switch (item.action) {
    case 'remove':
      return trans.__('remove %1', item.name);
    case 'update':
      return item.version ? trans.__('update %1 to %2', item.name, item.version) : trans.__('update %1', item.name);
    default:
      return item.version ? trans.__('add %1 %2', item.name, item.version) : trans.__('add %1', item.name);
  }
}

/** The rows of a long list that are in sight, as it is scrolled and resized. */

import * as React from 'react';

import { IRange, rangeOf } from '../../models/page/window';

/** What `useWindow` gives: where to put the scroll handler, and which rows to draw. */
export interface IWindow {
  readonly range: IRange;
  readonly onScroll: () => void;
}

/**
 * Follow a scrolled element.
 *
 * @param ref - the element that scrolls
 * @param rowHeight - the height of each row, in pixels
 * @param count - the number of rows
 */
export function useWindow(ref: React.RefObject<HTMLElement>, rowHeight: number, count: number): IWindow {
  const [top, setTop] = React.useState(0);
  const [height, setHeight] = React.useState(0);
  React.useLayoutEffect(() => {
    const node = ref.current;
    if (!node) {
      return;
    }
    const observer = new ResizeObserver(() => setHeight(node.clientHeight));
    observer.observe(node);
    setHeight(node.clientHeight);
    return () => observer.disconnect();
  }, [ref]);
  const onScroll = React.useCallback(() => setTop(ref.current?.scrollTop ?? 0), [ref]);
  return { range: rangeOf(top, height, rowHeight, count), onScroll };
}

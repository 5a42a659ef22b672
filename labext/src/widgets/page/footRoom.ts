/** Keeps notifications, which stand in the lower right corner of the window, off a bar of buttons at the foot of a page. */

import * as React from 'react';

const CLASS = 'jp-envs-mod-foot';
const ROOM = '--jp-envs-foot-room';
const GAP = 8;
/** How far from the window's right and lower edge a bar may end to be in their way; pixels. */
const REACH = { right: 320, bottom: 120 };

/** The bars in the way, and from where on they are free of them. */
const rooms = new Map<Element, number>();

/** Return the reference for a bar: as long as it is seen in that corner, notifications stand above it. */
export function useFootRoom<T extends HTMLElement>(): React.RefObject<T> {
  const bar = React.useRef<T>(null);
  React.useEffect(() => {
    const { current: node } = bar;
    if (!node) {
      return;
    }
    // The page's size changes when the bar only moves; a page that is hidden, and its bar, have none.
    const observer = new ResizeObserver(() => place(node, roomOf(node.getBoundingClientRect(), window)));
    [node, node.closest('.jp-envs-Page')].forEach(each => each && observer.observe(each));
    return () => {
      observer.disconnect();
      place(node, 0);
    };
  }, []);
  return bar;
}

/** Pixels that notifications must keep from the lower edge of the window because of a bar; 0 when it is not in their way. Pure. */
export function roomOf(
  bar: Pick<DOMRect, 'top' | 'right' | 'bottom' | 'height'>,
  viewport: Pick<Window, 'innerWidth' | 'innerHeight'>
): number {
  const isThere = viewport.innerWidth - bar.right < REACH.right && viewport.innerHeight - bar.bottom < REACH.bottom;
  return bar.height > 0 && isThere ? viewport.innerHeight - bar.top + GAP : 0;
}

function place(bar: Element, room: number): void {
  if (room > 0) {
    rooms.set(bar, room);
  } else {
    rooms.delete(bar);
  }
  const { classList, style } = document.body;
  classList.toggle(CLASS, rooms.size > 0);
  style.setProperty(ROOM, `${Math.max(0, ...rooms.values())}px`);
}

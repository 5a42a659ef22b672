import { describe, expect, it } from 'vitest';

import { roomOf } from '../../src/widgets/page/footRoom';

const WINDOW = { innerWidth: 1280, innerHeight: 800 };
const BAR = { top: 730, right: 1280, bottom: 776, height: 46 };

describe('roomOf', () => {
  it('lifts notifications above a bar at the foot of the window', () => {
    expect(roomOf(BAR, WINDOW)).toBe(78);
  });

  it('leaves them where they are when the bar is elsewhere, or hidden', () => {
    expect(roomOf({ ...BAR, top: 330, bottom: 376 }, WINDOW)).toBe(0);
    expect(roomOf({ ...BAR, right: 700 }, WINDOW)).toBe(0);
    expect(roomOf({ top: 0, right: 0, bottom: 0, height: 0 }, WINDOW)).toBe(0);
  });
});

/** Which rows of a long list are drawn. Pure. */

/** Rows from `first` up to, not including, `last`. */
export interface IRange {
  readonly first: number;
  readonly last: number;
}

/** Rows drawn beyond both edges, so that scrolling shows no gaps. */
const SPARE = 8;

/**
 * The rows to draw.
 *
 * @param top - how far the list is scrolled, in pixels
 * @param height - how much of it is seen, in pixels
 * @param rowHeight - the height of each row, in pixels
 * @param count - the number of rows
 */
export function rangeOf(top: number, height: number, rowHeight: number, count: number): IRange {
  const first = Math.max(0, Math.min(count, Math.floor(top / rowHeight)) - SPARE);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + SPARE);
  return { first, last: Math.max(first, last) };
}

/** How far to scroll so that a row is wholly seen, `above` pixels of the view being covered by a heading. */
export function scrollFor(row: number, top: number, height: number, rowHeight: number, above: number): number {
  const upper = row * rowHeight;
  const lower = upper + rowHeight;
  if (upper < top) {
    return upper;
  }
  return lower > top + height - above ? lower - height + above : top;
}

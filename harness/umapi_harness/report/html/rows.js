// Long lists: only the rows in view are in the document, whatever the length of the list.

import { fill } from "./dom.js";

const BEYOND = 8; // rows above and below the view that are drawn ahead

/**
 * Keeps the rows of `holder` that `scroller` shows. `heights` are classes of rows with their heights in rem;
 * `draw(index)` makes the element of a row.
 */
export function windowed(scroller, holder, heights, draw, drawn = () => {}) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  let offsets = new Float64Array(1);
  let shown = new Map();

  /** Begins anew with rows of these classes. */
  function set(kinds) {
    offsets = new Float64Array(kinds.length + 1);
    kinds.forEach((kind, index) => {
      offsets[index + 1] = offsets[index] + heights[kind] * rem;
    });
    holder.style.height = `${offsets.at(-1)}px`;
    redraw();
  }

  function redraw() {
    shown = new Map();
    fill(holder);
    update();
  }

  function at(offset) {
    let low = 0;
    let high = offsets.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (offsets[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function update() {
    const last = offsets.length - 2;
    if (last < 0) return;
    const from = Math.max(0, at(scroller.scrollTop) - BEYOND);
    const to = Math.min(last, at(scroller.scrollTop + scroller.clientHeight) + BEYOND);
    for (const [index, element] of shown) {
      if (index >= from && index <= to) continue;
      element.remove();
      shown.delete(index);
    }
    for (let index = from; index <= to; index += 1) {
      if (shown.has(index)) continue;
      const element = draw(index);
      element.style.top = `${offsets[index]}px`;
      element.style.height = `${offsets[index + 1] - offsets[index]}px`;
      shown.set(index, element);
      const after = shown.get(index + 1);
      if (after) after.before(element);
      else holder.append(element);
    }
    drawn(at(scroller.scrollTop), at(scroller.scrollTop + scroller.clientHeight - 1), shown);
  }

  /** Scrolls so far that a row is in view. */
  function reveal(index) {
    const margin = 2 * rem;
    const [top, bottom] = [offsets[index], offsets[index + 1]];
    if (top - margin < scroller.scrollTop) scroller.scrollTop = top - margin;
    else if (bottom + margin > scroller.scrollTop + scroller.clientHeight)
      scroller.scrollTop = bottom + margin - scroller.clientHeight;
    update();
  }

  scroller.addEventListener("scroll", update, { passive: true });
  new ResizeObserver(update).observe(scroller);
  return { set, redraw, reveal };
}

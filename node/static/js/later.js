// @ts-check
// The picture first: what nobody looks at waits until it is on the screen.

/** Two frames: once the page has done its part, other threads of the browser still have to draw. */
const DRAWN_MS = 33;
/** However many keys follow each other; and a page that is out of sight gets no frames. */
const LATEST_MS = 200;

/** @type {Set<() => void>} */
const waiting = new Set();
let [frame, drawn, latest] = [0, 0, 0];

/** Does it after the next frame; what is asked for twice meanwhile is done once. */
export function afterPaint(act) {
  if (!waiting.size) latest = setTimeout(doNow, LATEST_MS);
  waiting.add(act);
  cancelAnimationFrame(frame);
  clearTimeout(drawn);
  frame = requestAnimationFrame(() => (drawn = setTimeout(doNow, DRAWN_MS)));
}

/** Before the page goes: nothing waits any longer. */
export function doNow() {
  cancelAnimationFrame(frame);
  clearTimeout(drawn);
  clearTimeout(latest);
  const acts = [...waiting];
  waiting.clear();
  for (const act of acts) act();
}

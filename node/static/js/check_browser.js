// @ts-check
// What browser and screen this is. Most of it is withheld on plain HTTP, so much is inferred.

const NEEDED = {
  "video/mp4": () => document.createElement("video").canPlayType('video/mp4; codecs="avc1.42E01E, mp4a.40.2"') !== "",
  indexedDB: () => "indexedDB" in window,
  AudioContext: () => "AudioContext" in window,
  dialog: () => "HTMLDialogElement" in window,
  ":has()": () => CSS.supports("selector(:has(a))"),
  "@layer": () => "CSSLayerBlockRule" in window,
  hasOwn: () => "hasOwn" in Object,
};
const HEAP_SHARE = 4;
const GB = 1024 ** 3;

export function agent() {
  const missing = Object.keys(NEEDED).filter((name) => !NEEDED[name]());
  return { missing, memory_gb: memory() };
}

export function screen() {
  return {
    width: window.screen.width,
    height: window.screen.height,
    inner_width: window.innerWidth,
    zoom_percent: Math.round((100 * window.outerWidth) / window.innerWidth),
  };
}

/** Only secure pages are told; V8 lets its heap grow to a quarter of the memory. */
function memory() {
  const told = /** @type {any} */ (navigator).deviceMemory;
  const heap = /** @type {any} */ (performance).memory?.jsHeapSizeLimit;
  const found = told ?? (heap && (HEAP_SHARE * heap) / GB);
  return found ? Math.round(10 * found) / 10 : null;
}

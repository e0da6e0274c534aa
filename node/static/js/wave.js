// @ts-check
// The strip under the picture: the sound's peaks, what was heard, the loop, the playhead.
import { el } from "./dom.js";

const STEP_PX = 3;
const BAR_PX = 2;
const HEARD_PX = 3;
const QUIETEST = 0.2;

/** Which part of a clip was heard, in equal pieces. */
export class Heard {
  constructor(seconds, pieces = "") {
    this.seconds = Math.max(seconds, 1);
    this.pieces = new Array(Math.ceil(this.seconds * 2)).fill(false);
    Array.from(pieces).forEach((piece, place) => {
      if (place < this.pieces.length) this.pieces[place] = piece === "1";
    });
  }

  /** A jump is not listening: only a short way forward counts. */
  add(from, to) {
    if (to <= from || to - from > 1.5) return;
    const last = Math.min(this.pieces.length - 1, Math.floor(to * 2));
    for (let place = Math.floor(from * 2); place <= last; place += 1) this.pieces[place] = true;
  }

  get percent() {
    const heard = this.pieces.filter(Boolean).length;
    return Math.min(100, Math.round((100 * heard) / this.pieces.length));
  }

  toText() {
    return this.pieces.map((piece) => (piece ? "1" : "0")).join("");
  }
}

export class Wave {
  /** @param {(share: number) => void} seek */
  constructor(seek) {
    this.canvas = el("wave");
    this.peaks = [];
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    this.canvas.addEventListener("pointerdown", (event) => {
      const box = this.canvas.getBoundingClientRect();
      seek(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
    });
    this.recolour();
  }

  /** Colours live in tokens.css; asked for anew when the theme changes. */
  recolour() {
    const style = getComputedStyle(document.documentElement);
    const token = (name) => style.getPropertyValue(name).trim();
    this.colours = {
      wave: token("--wave"),
      played: token("--wave-played"),
      heard: token("--wave-heard"),
      loop: token("--wave-loop"),
      head: token("--stage-ink"),
    };
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.getContext("2d").scale(ratio, ratio);
    this.draw();
  }

  /** @param {string} peaks hex, two digits a peak */
  open(peaks) {
    const heights = (peaks.match(/../g) ?? []).map((digits) => parseInt(digits, 16) / 255);
    // A quiet clip is drawn larger: the strip is for finding one's way, not for loudness.
    const highest = Math.max(QUIETEST, ...heights);
    this.peaks = heights.map((height) => height / highest);
    this.draw({ at: 0, loop: null, heard: null });
  }

  /** @param {{at: number, loop: {from: number, to: number | null} | null, heard: Heard | null}} [state] shares of the length */
  draw(state = this.state) {
    if (!state || !this.width) return;
    this.state = state;
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, this.width, this.height);
    this.drawLoop(pen, state.loop);
    this.drawPeaks(pen, state.at * this.width);
    if (state.heard) this.drawHeard(pen, state.heard);
    pen.fillStyle = this.colours.head;
    pen.fillRect(Math.min(this.width - 1, state.at * this.width), 2, 1.5, this.height - 4);
  }

  drawLoop(pen, loop) {
    if (!loop) return;
    pen.fillStyle = this.colours.loop;
    const from = loop.from * this.width;
    pen.fillRect(from, 0, Math.max(2, (loop.to ?? this.state.at) * this.width - from), this.height);
  }

  drawPeaks(pen, playedPx) {
    const count = Math.floor(this.width / STEP_PX);
    const middle = (this.height - HEARD_PX) / 2;
    for (let bar = 0; bar < count; bar += 1) {
      const peak = this.peaks[Math.floor((bar * this.peaks.length) / count)] ?? 0;
      const half = Math.max(0.5, peak * (middle - 3));
      const left = bar * STEP_PX;
      pen.fillStyle = left < playedPx ? this.colours.played : this.colours.wave;
      pen.fillRect(left, middle - half, BAR_PX, half * 2);
    }
  }

  drawHeard(pen, heard) {
    pen.fillStyle = this.colours.heard;
    const width = this.width / heard.pieces.length;
    heard.pieces.forEach((piece, place) => {
      if (piece) pen.fillRect(place * width, this.height - HEARD_PX, width + 0.5, HEARD_PX);
    });
  }
}

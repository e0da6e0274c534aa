// @ts-check
// The dark side of the page: picture, zoom, clock, and what is said when a clip does not play.
import { button, el, fill, h, minutes, say, show } from "./dom.js";
import { W } from "./words.js";

const STEP_PX = 3;
const BAR_PX = 2;
const HEARD_PX = 3;
const QUIETEST = 0.2;
const SCALES = [1, 1.25, 1.5, 2, 2.5, 3];

export class Stage {
  /** @param {Record<string, () => void>} act reload, next_first, report_unplayable, report_silent */
  constructor(player, act) {
    this.player = player;
    this.act = act;
    this.wave = new Wave((share) => player.seek(share * player.seconds));
    this.zoom = new Zoom(el("screen"));
    el("screen").addEventListener("click", ({ target }) => {
      if (this.zoom.scale === 1 && target instanceof HTMLVideoElement) player.toggle();
    });
    el("volume").addEventListener("input", ({ target }) => player.setVolume(target.value / 100));
  }

  open(task, group) {
    say(el("code"), task.performance);
    say(el("song"), W.stage_item(group.stage_label, group.item));
    say(el("length"), minutes(task.video.duration_ms / 1000));
    show(el("stage-notice"), false);
    this.wave.open(task.video.peaks);
    this.zoom.home();
    this.showTime();
  }

  showTime() {
    const { player } = this;
    const length = player.seconds || 1;
    const { loop } = player;
    say(el("now"), minutes(player.time));
    if (player.heard) say(el("heard"), W.heard(player.heard.percent));
    say(el("loop-name"), !loop ? W.loop_off : loop.to === null ? W.loop_start : W.loop_on);
    this.wave.show({
      at: player.time / length,
      heard: player.heard,
      loop: loop && { from: loop.from / length, to: loop.to && loop.to / length },
    });
  }

  showState(state, why) {
    const isPlaying = ["playing", "buffering", "loading"].includes(state);
    el("play").classList.toggle("playing", isPlaying);
    el("play").setAttribute("aria-label", isPlaying ? W.pause : W.play);
    show(el("overlay"), state === "blocked");
    this.showTime();
    this.showCover(state, why);
  }

  showCover(state, why) {
    const cover = this.coverFor(state, why);
    // A fast clip needs no word: only one that is still not there after a moment gets it.
    clearTimeout(this.coverTimer);
    if (state === "loading") this.coverTimer = setTimeout(() => this.putCover(cover), 400);
    else this.putCover(cover);
  }

  putCover(cover) {
    show(el("cover"), Boolean(cover));
    fill(el("cover"), ...(cover ?? []));
  }

  coverFor(state, why) {
    const spinner = h("span", { class: "spinner" });
    if (state === "absent") return [spinner, h("p", {}, W.not_here_yet)];
    if (state === "loading") return [spinner, h("p", {}, W.fetching)];
    if (state === "buffering") return [spinner, h("p", {}, W.buffering)];
    if (state === "stuck") return [h("p", {}, W.stuck), ...this.buttons("reload", "next_first")];
    if (state !== "broken") return null;
    return [h("p", {}, W[why] ?? W.broken), ...this.buttons("retry", "report_next")];
  }

  buttons(...names) {
    const acts = {
      reload: [W.again, this.act.reload],
      retry: [W.retry, this.act.reload],
      next_first: [W.next_first, this.act.next_first],
      report_next: [W.report_next, this.act.report_unplayable],
    };
    return names.map((name) => button(...acts[name], { "data-testid": name }));
  }

  notice(kind) {
    show(el("stage-notice"), true);
    const report = kind === "no_sound_track" && button(W.report_silent, this.act.report_silent);
    fill(el("stage-notice"), h("span", {}, W[kind]), report);
  }
}

/** Enlarges the picture; an enlarged one can be dragged. Step 1 of 全部展示 is the brief layout. */
class Zoom {
  constructor(screen) {
    this.screen = screen;
    this.step = 0;
    this.pan = { x: 0, y: 0 };
    screen.addEventListener("pointerdown", (event) => this.grab(event));
    screen.addEventListener("pointermove", (event) => this.drag(event));
    screen.addEventListener("pointerup", () => (this.from = null));
    screen.addEventListener("pointercancel", () => (this.from = null));
  }

  get isFull() {
    return document.body.dataset.preferred === "full";
  }

  get scale() {
    return SCALES[Math.max(0, this.step - (this.isFull ? 1 : 0))];
  }

  change(step) {
    const last = SCALES.length - 1 + (this.isFull ? 1 : 0);
    this.step = Math.min(last, Math.max(0, this.step + step));
    this.apply();
  }

  home() {
    this.step = 0;
    this.panHome();
  }

  panHome() {
    this.pan = { x: 0, y: 0 };
    this.apply();
  }

  apply() {
    const layout = this.step > 0 ? "brief" : document.body.dataset.preferred;
    document.body.dataset.layout = layout;
    for (const name of ["full", "brief"]) {
      const choice = document.querySelector(`[data-do=layout_${name}]`);
      choice.setAttribute("aria-pressed", String(name === layout));
    }
    this.limit();
    const { x, y } = this.pan;
    const transform = this.scale === 1 ? "" : `translate(${x}px, ${y}px) scale(${this.scale})`;
    for (const video of this.screen.querySelectorAll("video")) video.style.transform = transform;
    this.screen.classList.toggle("zoomed", this.scale > 1);
  }

  /** The picture never leaves the screen altogether. */
  limit() {
    const spare = (this.scale - 1) / 2;
    // The size is asked for only where it matters: it has the page laid out.
    const [width, height] = spare ? [this.screen.clientWidth, this.screen.clientHeight] : [0, 0];
    const [x, y] = [width * spare, height * spare];
    this.pan.x = Math.min(x, Math.max(-x, this.pan.x));
    this.pan.y = Math.min(y, Math.max(-y, this.pan.y));
  }

  grab(event) {
    if (this.scale === 1 || event.target.closest("button")) return;
    this.from = { x: event.clientX - this.pan.x, y: event.clientY - this.pan.y };
    this.screen.setPointerCapture(event.pointerId);
    event.preventDefault();
  }

  drag(event) {
    if (!this.from) return;
    this.pan = { x: event.clientX - this.from.x, y: event.clientY - this.from.y };
    this.apply();
  }
}

/** The strip under the picture: peaks, what was heard, the loop, the playhead. */
class Wave {
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
    this.seen = "";
  }

  /**
   * The playhead moves some pixels a second: most looks at the clock change nothing here.
   * @param {{at: number, loop: {from: number, to: number | null} | null,
   *   heard: import("./player.js").Heard | null}} state in shares of the length
   */
  show(state) {
    const seen = [Math.round(state.at * this.width), state.loop?.from, state.loop?.to].join();
    this.state = state;
    if (seen !== this.seen) this.draw();
    this.seen = seen;
  }

  draw() {
    const { state } = this;
    if (!state || !this.width) return;
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

// @ts-check
// The dark side of the page: picture, zoom, clock, and what is said when a clip does not play.
import { button, el, fill, h, minutes, say, show } from "./dom.js";
import { Wave } from "./wave.js";
import { W } from "./words.js";

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
    this.wave.draw({
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
    const [x, y] = [this.screen.clientWidth * spare, this.screen.clientHeight * spare];
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

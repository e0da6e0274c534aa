// @ts-check
// What the page says by itself: the bar under the top bar, the toast, the states at the right.
import { awayFor } from "./api.js";
import { button, clock, el, fill, h, key, say, show, stopwatch } from "./dom.js";
import { W } from "./words.js";

const AWAY_GRACE_MS = 2000;
const TOAST_MS = 8000;

/** One bar at a time: connection first, then what went wrong, then announcements. */
export class Bars {
  /** @param {{reconnect: () => void, read: (id: number) => void, held: () => number}} act */
  constructor(act) {
    this.act = act;
    /** @type {string[]} */
    this.problems = [];
    /** @type {any[]} */
    this.unread = [];
    this.shown = "";
    setInterval(() => this.update(), 500);
  }

  problem(text) {
    this.problems.push(text);
    this.update();
  }

  announce(unread) {
    this.unread = unread;
    show(el("unread"), unread.length > 0);
    say(el("unread"), String(unread.length));
    this.update();
  }

  update() {
    if (awayFor() >= AWAY_GRACE_MS) return this.showAway();
    if (this.problems.length) return this.showProblem(this.problems[0]);
    const notice = this.unread.find(({ strength }) => strength !== "blocking");
    if (notice) return this.showNotice(notice);
    this.put("", "");
  }

  /** Drawn only when it becomes another one: a button that is drawn anew loses its focus. */
  put(id, look, ...children) {
    if (id === this.shown) return;
    this.shown = id;
    const bar = el("bar");
    bar.className = `bar ${look}`;
    show(bar, Boolean(id));
    fill(bar, ...children);
  }

  showAway() {
    const again = button(W.reconnect, this.act.reconnect, { "data-testid": "reconnect" });
    const [since, advice] = [h("b", { id: "away-since" }), h("span", { id: "away-advice" })];
    this.put("away", "warn", since, advice, h("span", { class: "push" }), again);
    say(el("away-since"), W.away(stopwatch(Math.floor(awayFor() / 1000))));
    say(el("away-advice"), W.away_goes_on(this.act.held()));
  }

  showProblem(text) {
    const done = () => {
      this.problems.shift();
      this.update();
    };
    const push = h("span", { class: "push" });
    this.put(`problem ${text}`, "warn", h("span", { role: "alert" }, text), push, button(W.got_it, done));
  }

  showNotice({ id, text, strength, published_at }) {
    const look = strength === "important" ? "important" : "normal";
    const head = h("b", {}, W.city_says(clock(published_at)));
    const words = h("span", { role: "status" }, text);
    const got = button(W.got_it, () => this.act.read(id), { "data-testid": "got-it" });
    this.put(`notice ${id}`, look, head, words, h("span", { class: "push" }), got);
  }
}

let toastTimer = 0;

/** A line in the top bar, which covers nothing. @param {() => void} [takeBack] offered with Z */
export function toast(text, takeBack) {
  clearTimeout(toastTimer);
  const undo = takeBack && h("button", { type: "button", onclick: takeBack }, W.take_back, key("Z"));
  fill(el("toast"), h("span", {}, text), undo);
  toastTimer = setTimeout(hideToast, TOAST_MS);
}

export function hideToast() {
  fill(el("toast"));
}

/** @param {"ok" | "warn" | "off"} look the dot; the words say the same */
export function state(id, look, text) {
  const place = el(id);
  if (place.textContent === text && place.dataset.look === look) return;
  place.dataset.look = look;
  say(place, text);
}

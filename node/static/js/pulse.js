// @ts-check
// The heartbeat: asks the node every few seconds how things stand, keeps the top bar true,
// and says what must be said: the bar below it, the toast in it.
import { Away, Refused, awayFor, isAway, progress, receipt } from "./api.js";
import { isDialogOpen, openBlocking } from "./dialogs.js";
import { button, clock, el, fill, h, key, say, show, stopwatch } from "./dom.js";
import { chime } from "./waiting.js";
import { W } from "./words.js";

const EVERY_MS = 10_000;
const WAITING_MS = 3_000;
const AWAY_MS = 2_000;
const AWAY_TIMEOUT_MS = 4_000;
const BREAK_MS = 5 * 60_000;
const STRETCH_MS = 50 * 60_000;
const REST_SHOWN_MS = 3 * 60_000;
const AWAY_GRACE_MS = 2000;
const TOAST_MS = 8000;

export class Pulse {
  /** @param {any} parts the page's, see makeParts in marking.js; @param {(p: any) => void} beat */
  constructor({ me, work, outbox, kept, clips, bars, waiting }, beat) {
    Object.assign(this, { me, work, outbox, kept, clips, bars, waiting });
    this.beat = beat;
    this.progress = null;
    this.isOn = false;
    this.read_ = new Set();
    this.heard = new Set();
  }

  /** @param {any} first the answer that the page began with */
  start(first) {
    this.isOn = true;
    this.take(first);
    this.plan();
  }

  stop() {
    this.isOn = false;
    clearTimeout(this.timer);
  }

  plan() {
    clearTimeout(this.timer);
    if (!this.isOn) return;
    const pause = isAway() ? AWAY_MS : this.waiting.isShown ? WAITING_MS : EVERY_MS;
    this.timer = setTimeout(() => this.ask(), pause);
  }

  async ask() {
    clearTimeout(this.timer);
    try {
      const answer = await progress(isAway() ? { timeoutMs: AWAY_TIMEOUT_MS } : undefined);
      this.take(answer);
      this.beat(answer);
    } catch (problem) {
      if (!(problem instanceof Away || problem instanceof Refused)) throw problem;
      this.beat(null);
    } finally {
      this.plan();
    }
  }

  take(answer) {
    this.progress = answer;
    const unread = this.unread();
    this.bars.announce(unread);
    this.chimeFor(unread);
    this.showTop();
  }

  // --- announcements -------------------------------------------------------------------------

  unread() {
    return this.announcements.filter(({ is_read }) => !is_read);
  }

  get announcements() {
    const known = this.progress?.announcements ?? [];
    return known.map((one) => ({ ...one, is_read: one.is_read || this.read_.has(one.id) }));
  }

  blocking() {
    return this.unread().find(({ strength }) => strength === "blocking") ?? null;
  }

  /** At the waiting page there is no clip that a blocking announcement would interrupt. */
  showBlocking() {
    const blocking = this.blocking();
    if (!blocking || isDialogOpen()) return;
    openBlocking(blocking, (id) => this.read(id), () => this.showBlocking());
  }

  async read(id) {
    this.read_.add(id);
    this.bars.announce(this.unread());
    try {
      await receipt(id);
    } catch (problem) {
      // The node says "unread" again with the next beat, so the banner comes back.
      if (!(problem instanceof Away || problem instanceof Refused)) throw problem;
      this.read_.delete(id);
    }
  }

  chimeFor(unread) {
    const loud = unread.filter(({ id, strength }) => strength !== "normal" && !this.heard.has(id));
    loud.forEach(({ id }) => this.heard.add(id));
    if (loud.length && this.me.preferences.chime === "on") chime();
  }

  // --- top bar -------------------------------------------------------------------------------

  known() {
    const { groupId, waitingForVideo } = this.work;
    return { away: isAway(), progress: this.progress, groupId, waitingForVideo };
  }

  showTop() {
    const { done, total, groupId } = this.work;
    const group = this.me.groups.find(({ id }) => id === groupId);
    if (group) say(el("group-name"), group.label);
    el("done-bar").max = Math.max(total, 1);
    el("done-bar").value = Math.min(done, total);
    say(el("done"), total ? String(Math.min(done, total)) : "--");
    say(el("total"), total ? String(total) : "--");
    say(el("eta"), this.restWords() || this.etaWords(total - done));
    this.showStates();
    this.showTrial();
  }

  etaWords(left) {
    const pace = this.progress?.pace_s;
    if (!pace || left <= 0) return "";
    return W.eta(clock(Date.now() + pace * left * 1000));
  }

  /** Quiet, for some minutes after each long stretch without a break. */
  restWords() {
    const worked = Date.now() - (this.stretchSince ?? Date.now());
    return worked > STRETCH_MS && worked % STRETCH_MS < REST_SHOWN_MS ? W.rest : "";
  }

  worked() {
    const now = Date.now();
    if (now - (this.workedAt ?? 0) > BREAK_MS) this.stretchSince = now;
    this.workedAt = now;
  }

  get ready() {
    return this.work.coming.slice(0, 2).filter((task) => this.clips.url(task)).length;
  }

  /** Clips that can be marked without the node: the open one too, when all of it is here. */
  get held() {
    const { current } = this.work;
    return this.ready + (current && this.clips.url(current) ? 1 : 0);
  }

  showStates() {
    const { ready } = this;
    const coming = this.work.coming.length;
    show(el("ready-state"), coming > 0);
    state("ready-state", ready ? "ok" : "off", ready ? W.ready(ready) : W.preparing);
    const unsent = this.outbox.waiting.length;
    state("saved-state", unsent ? "warn" : "ok", unsent ? W.waiting_to_save(unsent) : W.all_saved);
    const unreported = this.unreported();
    // What has not even left this PC is told by the words before.
    show(el("reported-state"), unsent === 0);
    const words = unreported ? W.waiting_to_report(unreported) : W.all_reported;
    state("reported-state", unreported ? "off" : "ok", words);
  }

  /** The node counts those from other PCs too; this PC knows those that the node has lost. */
  unreported() {
    return Math.max(this.progress?.pending_on_node ?? 0, this.kept.count);
  }

  showTrial() {
    const { sitting } = this.me;
    show(el("trial-tag"), sitting?.kind === "trial");
    say(el("trial-tag"), sitting?.wipe_at ? W.trial_until(clock(sitting.wipe_at)) : W.trial);
  }
}

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

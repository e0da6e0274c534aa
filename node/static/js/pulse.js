// @ts-check
// The heartbeat: asks the node every few seconds how things stand, and keeps the top bar true.
import { Away, Refused, isAway, progress, receipt } from "./api.js";
import { state } from "./bars.js";
import { isDialogOpen, openBlocking } from "./dialogs.js";
import { clock, el, say, show } from "./dom.js";
import { W } from "./words.js";
import { chime } from "./waiting.js";

const EVERY_MS = 10_000;
const WAITING_MS = 3_000;
const AWAY_MS = 2_000;
const AWAY_TIMEOUT_MS = 4_000;
const BREAK_MS = 5 * 60_000;
const STRETCH_MS = 50 * 60_000;
const REST_SHOWN_MS = 3 * 60_000;

export class Pulse {
  /** @param {any} parts the page's, see makeParts in marking.js; @param {(p: any) => void} beat */
  constructor({ me, work, outbox, clips, bars, waiting }, beat) {
    Object.assign(this, { me, work, outbox, clips, bars, waiting });
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
  }

  showTrial() {
    const { sitting } = this.me;
    show(el("trial-tag"), sitting?.kind === "trial");
    say(el("trial-tag"), W.trial);
    el("trial-tag").title = sitting?.wipe_at ? W.trial_until(clock(sitting.wipe_at)) : W.trial_note;
  }
}

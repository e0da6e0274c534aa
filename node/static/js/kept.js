// @ts-check
// Keeps every mark on this PC until the city has it, so that nothing is lost even when the lab's
// server loses its disk: what that server no longer knows is offered to it again. No names in here.
import { Away, Refused, reported, write } from "./api.js";
import { recall, remember } from "./work.js";

const SOON_MS = 1500;
const EVERY_MS = 60_000;
const ASKED_MAX = 200;

/**
 * @typedef {{event_id: string, task_id: number, gen: number, levels: Record<string, number>,
 *   exception: string, comment: string, revises: string, spent_ms: number,
 *   heard_percent: number}} KeptMark what was submitted, word for word
 */

export class Kept {
  /**
   * @param {any} me
   * @param {() => string[]} unsent ids of marks that are still on their first way to the node
   * @param {() => void} changed
   */
  constructor(me, unsent, changed) {
    this.me = me;
    this.unsent = unsent;
    this.changed = changed;
    this.prefix = `shengping.kept.${me.account.id}.`;
    /** @type {Set<string>} ids, of which the first digits are the time: sorted is in order */
    this.ids = new Set(namesWith(this.prefix).map((name) => name.slice(this.prefix.length)).sort());
    this.forgetTrials();
  }

  /** Trial marks are for nobody once another sitting is on, or their own is wiped. */
  forgetTrials() {
    const { sitting } = this.me;
    for (const id of this.ids) {
      const { trial } = recall(this.prefix + id) ?? {};
      if (trial && (trial !== sitting?.id || sitting.state === "wiped")) this.forget(id);
    }
  }

  /** One entry of the store for each mark: two windows of a PC do not disturb each other. */
  keep({ event_id, task_id, gen, levels, exception, comment, revises, spent_ms, heard_percent }) {
    const mark = { event_id, task_id, gen, levels, exception, comment, revises, spent_ms };
    const { sitting } = this.me;
    const trial = sitting?.kind === "trial" ? sitting.id : 0;
    remember(this.prefix + event_id, { mark: { ...mark, heard_percent }, trial });
    this.ids.add(event_id);
  }

  forget(id) {
    localStorage.removeItem(this.prefix + id);
    this.ids.delete(id);
  }

  /** Marks that the node has and the city may not have, as far as this PC knows. */
  get count() {
    return this.open().length;
  }

  open() {
    const unsent = new Set(this.unsent());
    return [...this.ids].filter((id) => !unsent.has(id));
  }

  /** Before the first task is shown: a mark that the node has lost must not be made twice. */
  async start() {
    await this.ask();
    this.plan(EVERY_MS);
  }

  stop() {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** Usually the city has a mark a moment after the node. */
  askSoon() {
    this.plan(SOON_MS);
  }

  plan(pause) {
    clearTimeout(this.timer);
    if (!this.isStopped) this.timer = setTimeout(() => this.askAndPlan(), pause);
  }

  async askAndPlan() {
    await this.ask();
    this.plan(EVERY_MS);
  }

  /** Asks about the oldest ones with each beat of the page, about all of them every minute. */
  async beat() {
    if (this.ids.size) await this.ask(1);
  }

  async ask(pages = Infinity) {
    if (this.isAsking || this.isStopped) return;
    this.isAsking = true;
    try {
      await this.askPages(this.open(), pages);
    } catch (problem) {
      if (!(problem instanceof Away || problem instanceof Refused)) throw problem;
    } finally {
      this.isAsking = false;
    }
    this.changed();
  }

  async askPages(ids, pages) {
    for (let page = 0; page < pages && page * ASKED_MAX < ids.length; page += 1) {
      const answer = await reported(ids.slice(page * ASKED_MAX, (page + 1) * ASKED_MAX));
      answer.reported.forEach((id) => this.forget(id));
      for (const id of answer.unknown) await this.offer(id);
    }
  }

  /** In the order they were given: a revision needs the mark that it revises. */
  async offer(id) {
    const kept = recall(this.prefix + id);
    if (!kept) return this.forget(id);
    try {
      await write("/api/marks", { ...kept.mark, is_again: true });
    } catch (problem) {
      // Its task may not be back yet on a new server: it stays, and is offered again later.
      if (!(problem instanceof Refused) || problem.isAboutPerson) throw problem;
    }
  }
}

/** @returns {string[]} */
function namesWith(prefix) {
  return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
}

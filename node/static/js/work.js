// @ts-check
// The open mark, the tasks around it, and what was typed and not yet given. No screen in here.
import { tasks } from "./api.js";

export const LEVELS = [3, 2, 1, 0];

export class Sheet {
  /** @param {any} task @param {{mayScoreIncomplete: boolean}} policy */
  constructor(task, policy) {
    this.task = task;
    this.policy = policy;
    /** @type {Record<string, number>} */
    this.levels = {};
    this.exception = "";
    this.comment = "";
    this.active = 0;
    this.revises = "";
    this.revisedAt = "";
    this.heardWasAsked = false;
    this.spentMs = 0;
  }

  get criteria() {
    return this.task.criteria;
  }

  get row() {
    return this.criteria[this.active];
  }

  get left() {
    return this.criteria.filter((criterion) => !(criterion in this.levels)).length;
  }

  /** Whether levels count: only an incomplete recording may carry them beside its flag. */
  get takesLevels() {
    return !this.exception || (this.exception === "incomplete" && this.policy.mayScoreIncomplete);
  }

  get isEmpty() {
    return !this.exception && this.left === this.criteria.length && !this.comment;
  }

  /** A flag alone will do, or all levels; an incomplete recording has all of them or none. */
  get isReady() {
    if (!this.takesLevels || this.left === 0) return true;
    return Boolean(this.exception) && this.left === this.criteria.length;
  }

  /** Marks the active row and goes on to the next unmarked one. @returns {boolean} whether it did */
  give(level) {
    if (!this.takesLevels || (this.left === 0 && this.isPast)) return false;
    this.levels[this.row] = level;
    this.isPast = this.left === 0;
    const next = this.nextUnmarked();
    if (next >= 0) this.active = next;
    return true;
  }

  giveAt(criterion, level) {
    this.active = this.criteria.indexOf(criterion);
    this.isPast = false;
    return this.give(level);
  }

  nextUnmarked() {
    const count = this.criteria.length;
    for (let step = 1; step <= count; step += 1) {
      const place = (this.active + step) % count;
      if (!(this.criteria[place] in this.levels)) return place;
    }
    return -1;
  }

  /** After the last level, ↑ takes up the last row again before it goes higher. */
  move(step) {
    const isAtEnd = this.isPast && this.active === this.criteria.length - 1;
    this.isPast = false;
    if (isAtEnd && step < 0) return;
    this.active = Math.min(this.criteria.length - 1, Math.max(0, this.active + step));
  }

  select(criterion) {
    this.isPast = false;
    this.active = this.criteria.indexOf(criterion);
  }

  clearRow() {
    this.isPast = false;
    delete this.levels[this.row];
  }

  flag(code) {
    this.exception = this.exception === code ? "" : code;
  }

  /** What the node is given. */
  answer() {
    const levels = this.takesLevels && this.left === 0 ? { ...this.levels } : {};
    return { levels, exception: this.exception, comment: this.comment.trim() };
  }

  preset({ levels, exception, comment }) {
    for (const criterion of this.criteria) {
      if (levels && criterion in levels) this.levels[criterion] = levels[criterion];
    }
    this.exception = exception || "";
    this.comment = comment || "";
    const unmarked = this.criteria.findIndex((criterion) => !(criterion in this.levels));
    this.active = Math.max(0, unmarked);
    this.isPast = false;
  }

  /** From a draft. */
  resume(draft) {
    this.preset(draft);
    this.spentMs = draft.spentMs;
    this.heardWasAsked = draft.heardWasAsked;
    if (draft.active < this.criteria.length) this.active = draft.active;
  }
}

const DRAFTS_MAX = 20;

/** What was typed and not yet submitted, by task, for a reload or a task that changed. */
export class Drafts {
  constructor(account) {
    this.name = `shengping.drafts.${account}`;
    this.all = recall(this.name) ?? {};
  }

  get(taskId) {
    return this.all[taskId];
  }

  /** The task that was open last, so that a reload opens it again. */
  get newest() {
    const kept = Object.entries(this.all).sort(([, a], [, b]) => b.at - a.at);
    return kept.length ? Number(kept[0][0]) : 0;
  }

  put(taskId, draft) {
    this.all[taskId] = { ...draft, at: Date.now() };
    const kept = Object.entries(this.all).sort(([, a], [, b]) => b.at - a.at);
    this.all = Object.fromEntries(kept.slice(0, DRAFTS_MAX));
    remember(this.name, this.all);
  }

  drop(taskId) {
    if (!(taskId in this.all)) return;
    delete this.all[taskId];
    remember(this.name, this.all);
  }
}

/** @returns {any} what was remembered on this PC, or null */
export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // A full or forbidden store costs the draft after a reload, not the mark on the screen.
  }
}

/** The tasks of the chosen item group: which is open, which come next, which are answered. */
export class Work {
  /** @param {() => number[]} unsent ids of tasks whose mark the node may not have yet */
  constructor(unsent) {
    this.unsent = unsent;
    this.isWanted = false;
    /** @type {Promise<void> | null} */
    this.running = null;
    /** @type {Map<number, number>} task id -> gen that was answered on this page */
    this.answered = new Map();
    this.choose(0);
  }

  choose(groupId) {
    this.groupId = groupId;
    /** @type {any} */
    this.current = null;
    /** @type {any[]} */
    this.coming = [];
    this.putOff = new Set();
    this.waitingForVideo = 0;
    this.total = 0;
    this.done = 0;
    /** The open task now asks for something else; who shows it, resets this. */
    this.hasMoved = false;
  }

  /** Asks the node what is open. Who asks while an answer is on its way shares the next one. */
  refill() {
    this.isWanted = true;
    this.running ??= this.askWhileWanted().finally(() => (this.running = null));
    return this.running;
  }

  async askWhileWanted() {
    while (this.isWanted) {
      this.isWanted = false;
      await this.ask();
    }
  }

  async ask() {
    const { groupId } = this;
    const answer = await tasks(groupId, [...this.unsent(), ...this.putOff]);
    if (groupId === this.groupId) this.take(answer);
  }

  /** The answer decides, except that the open clip stays in place. */
  take(answer) {
    Object.assign(this, { total: answer.total, done: answer.done });
    this.waitingForVideo = answer.waiting_for_video;
    const open = answer.tasks.filter((task) => this.isOpen(task) && task.video.is_ready);
    if (!open.length && this.putOff.size && !this.current) this.takeUpPutOff();
    this.coming = open.filter((task) => task.id !== this.current?.id);
    const same = open.find((task) => task.id === this.current?.id);
    if (!same || same.gen === this.current.gen) return;
    this.current = same;
    this.hasMoved = true;
  }

  isOpen(task) {
    return !(this.answered.get(task.id) >= task.gen);
  }

  takeUpPutOff() {
    this.putOff.clear();
    this.isWanted = true;
  }

  /** Goes on to the next clip at once, from what is known here. @returns {any} it, or null */
  advance() {
    this.current = this.coming.shift() ?? null;
    return this.current;
  }

  /** A reload opens the clip again that was open before. */
  openFirst(taskId) {
    const place = this.coming.findIndex((task) => task.id === taskId);
    if (place > 0) this.coming.unshift(...this.coming.splice(place, 1));
  }

  answer(task) {
    this.answered.set(task.id, task.gen);
  }

  /** The node did not take the answer: the task is open again. */
  reopen(task) {
    this.answered.delete(task.id);
  }

  putOffCurrent() {
    this.putOff.add(this.current.id);
  }
}

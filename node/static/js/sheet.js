// @ts-check
// One open mark: what has been chosen so far, and when it may be given. No screen in here.

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
}

const DRAFTS_MAX = 20;

/** What was typed and not yet submitted, by task, for a reload or a task that changed. */
export class Drafts {
  constructor(account) {
    this.name = `shengping.drafts.${account}`;
    this.all = this.read();
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.name) || "{}");
    } catch {
      return {};
    }
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
    this.write();
  }

  drop(taskId) {
    if (!(taskId in this.all)) return;
    delete this.all[taskId];
    this.write();
  }

  write() {
    try {
      localStorage.setItem(this.name, JSON.stringify(this.all));
    } catch {
      // A full or forbidden store costs the draft after a reload, not the mark on the screen.
    }
  }
}

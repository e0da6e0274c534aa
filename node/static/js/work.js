// @ts-check
// The tasks of the chosen item group: which is open, which come next, which are answered already.
import { tasks } from "./api.js";

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

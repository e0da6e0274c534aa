// @ts-check
// From one clip to the next: open, mark, submit, take back, change an earlier mark.
import { Away, isAway, newId, nodeNow } from "./api.js";
import { openBlocking } from "./dialogs.js";
import { el, fill, h, say, show } from "./dom.js";
import { Sheet } from "./sheet.js";
import { hideToast, toast } from "./bars.js";
import { ROUND, W } from "./words.js";

const ASK_GUARD_MS = 400;
const HINT_MS = 4000;
const ABSENT_MS = 3000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Flow {
  /** @param {any} parts the page's, see makeParts in marking.js */
  constructor({ me, work, outbox, drafts, clips, player, stage, rubric, waiting, pulse }) {
    Object.assign(this, { me, work, outbox, drafts, clips, player, stage, rubric, waiting, pulse });
    /** @type {Sheet | null} */
    this.sheet = null;
    /** @type {{sheet: Sheet, at: number, heard: string} | null} what waits while an earlier mark is changed */
    this.parked = null;
    this.isChanging = false;
    /** @type {any} the mark that Z takes back */
    this.last = null;
  }

  // --- clips ---------------------------------------------------------------------------------

  async chooseGroup(groupId) {
    this.saveDraft();
    this.work.choose(groupId);
    this.sheet = null;
    this.player.close();
    await this.refill();
    this.work.openFirst(this.drafts.newest);
    this.next();
  }

  /** Asks for more tasks; an answer that does not come is asked for again by the timetable. */
  async refill() {
    try {
      await this.work.refill();
    } catch (problem) {
      if (!(problem instanceof Away)) throw problem;
    }
    if (this.work.hasMoved && !this.isChanging) this.taskMoved();
    this.holdClips();
    this.pulse.showTop();
  }

  /** Blocking announcements come between clips, never over one. */
  next() {
    const blocking = this.pulse.blocking();
    if (!blocking) return this.openNext();
    this.player.pause();
    openBlocking(blocking, (id) => this.pulse.read(id), () => this.next());
  }

  async openNext() {
    this.sheet = null;
    if (!this.work.coming.length) await this.refill();
    const task = this.canOpen(this.work.coming[0]) ? this.work.advance() : null;
    if (task) this.openTask(task);
    else this.wait();
    this.holdClips();
    this.pulse.showTop();
  }

  /** Without the node only what is held here can be watched. */
  canOpen(task) {
    return Boolean(task && (!isAway() || this.clips.url(task)));
  }

  wait() {
    this.player.close();
    this.waiting.show(this.pulse.known());
    this.pulse.plan();
  }

  openTask(task) {
    const sheet = new Sheet(task, this.sheetPolicy());
    const draft = this.drafts.get(task.id);
    if (draft) {
      sheet.preset(draft);
      Object.assign(sheet, { spentMs: draft.spentMs, heardWasAsked: draft.heardWasAsked });
      if (draft.active < task.criteria.length) sheet.active = draft.active;
    }
    this.open(sheet, { at: draft?.time ?? 0, heard: draft?.heard ?? "" });
  }

  sheetPolicy() {
    return { mayScoreIncomplete: this.me.policy.incomplete_may_be_scored };
  }

  open(sheet, resume) {
    this.sheet = sheet;
    this.openedAt = performance.now();
    const group = this.me.groups.find(({ id }) => id === sheet.task.group);
    this.waiting.hide();
    this.closeAsk();
    this.closeComment();
    el("comment").value = sheet.comment;
    this.stage.open(sheet.task, group);
    this.rubric.open(sheet, group);
    this.hint("");
    if (sheet.task.video.is_ready) this.player.open(sheet.task, resume);
    else this.awaitVideo(sheet, resume);
    this.showRound();
  }

  /** An earlier clip may have left the node's cache; asking for it brings it back. */
  async awaitVideo(sheet, resume) {
    this.player.close();
    this.stage.showState("absent");
    while (this.sheet === sheet && !(await this.clips.isHere(sheet.task))) await pause(ABSENT_MS);
    if (this.sheet === sheet) this.player.open(sheet.task, resume);
  }

  taskMoved() {
    this.work.hasMoved = false;
    this.saveDraft();
    toast(W.task_moved(this.work.current.performance));
    this.openTask(this.work.current);
  }

  holdClips() {
    const { current, coming } = this.work;
    const before = this.last?.task;
    this.clips.want(coming.slice(0, 2), [current, this.sheet?.task, before]);
  }

  // --- giving a mark --------------------------------------------------------------------------

  changed() {
    this.closeAsk();
    this.rubric.update();
    this.saveDraft();
  }

  level(level) {
    const { sheet } = this;
    if (!sheet) return;
    if (sheet.give(level)) this.changed();
    this.explain(sheet);
  }

  levelAt(criterion, level) {
    if (this.sheet.giveAt(criterion, level)) this.changed();
    this.explain(this.sheet);
  }

  select(criterion) {
    this.sheet.select(criterion);
    this.changed();
  }

  move(step) {
    if (!this.sheet) return;
    this.sheet.move(step);
    this.hint("");
    this.changed();
  }

  clearRow() {
    if (!this.sheet) return;
    this.sheet.clearRow();
    this.hint("");
    this.changed();
  }

  escape() {
    if (!el("ask").hidden) this.closeAsk();
    else if (!el("comment-box").hidden) this.closeComment();
    else if (this.isChanging) this.stopChanging();
  }

  explain(sheet) {
    if (!sheet.takesLevels) this.hint(W.flag_hint(sheet.exception));
    else this.hint(sheet.left === 0 ? W.full_hint : "");
  }

  flag(code) {
    if (!this.sheet) return;
    this.sheet.flag(code);
    this.hint("");
    this.changed();
  }

  submit() {
    const { sheet } = this;
    if (this.waiting.isShown) return this.waiting.accept();
    if (!sheet || el("submit").hidden) return;
    if (!sheet.isReady) return this.hint(sheet.isEmpty ? W.nothing_yet : W.left(sheet.left));
    if (!this.heardEnough(sheet)) return;
    this.give(sheet);
  }

  /** Asked once, in place of the flags; a second Enter submits. */
  heardEnough(sheet) {
    const isAsking = !el("ask").hidden;
    if (isAsking) return performance.now() - this.askedAt > ASK_GUARD_MS;
    const percent = this.player.heard?.percent ?? 0;
    const isEnough = percent >= this.me.policy.heard_percent_min;
    if (isEnough || sheet.revises || sheet.heardWasAsked || !sheet.takesLevels) return true;
    sheet.heardWasAsked = true;
    this.ask(percent);
    return false;
  }

  ask(percent) {
    this.askedAt = performance.now();
    const go = h("button", { type: "button", onclick: () => this.give(this.sheet) }, W.submit_anyway);
    const stay = h("button", { type: "button", onclick: () => this.closeAsk() }, W.keep_listening);
    fill(el("ask"), h("b", {}, W.ask_heard(percent)), stay, go);
    show(el("ask"), true);
    show(el("flags"), false);
  }

  closeAsk() {
    show(el("ask"), false);
    show(el("flags"), true);
  }

  /** The mark goes into the outbox and the next clip plays at once. */
  give(sheet) {
    const entry = this.outbox.add("/api/marks", this.bodyOf(sheet), sheet.task);
    this.drafts.drop(sheet.task.id);
    this.last = { ...entry.body, task: sheet.task, performance: sheet.task.performance };
    const words = sheet.revises ? W.changed : W.submitted;
    toast(words(sheet.task.performance), () => this.takeBack());
    if (this.isChanging) return this.stopChanging();
    this.pulse.worked();
    this.work.answer(sheet.task);
    this.work.done += 1;
    this.work.current = null;
    this.next();
  }

  bodyOf(sheet) {
    return {
      event_id: newId(),
      task_id: sheet.task.id,
      gen: sheet.task.gen,
      ...sheet.answer(),
      revises: sheet.revises,
      spent_ms: Math.round(sheet.spentMs + performance.now() - this.openedAt),
      heard_percent: this.player.heard?.percent ?? 0,
      given_at: nodeNow().toISOString(),
    };
  }

  // --- changing an earlier mark ----------------------------------------------------------------

  takeBack() {
    if (this.isChanging) return toast(W.still_changing);
    if (!this.last) return toast(W.nothing_to_take_back);
    this.revise(this.last);
  }

  /** @param {any} mark of the history, or the one just given */
  revise(mark) {
    if (this.isChanging) return toast(W.still_changing);
    hideToast();
    this.park();
    const sheet = new Sheet(mark.task, this.sheetPolicy());
    sheet.preset(mark);
    sheet.active = 0;
    sheet.revises = mark.event_id;
    sheet.revisedAt = mark.given_at;
    this.isChanging = true;
    this.open(sheet, {});
  }

  park() {
    const { sheet, player } = this;
    this.saveDraft();
    if (sheet) sheet.spentMs += performance.now() - this.openedAt;
    this.parked = sheet && { sheet, at: player.time, heard: player.heard?.toText() ?? "" };
  }

  /** Back to the clip that was open, as it was. */
  stopChanging() {
    const { parked } = this;
    this.isChanging = false;
    this.parked = null;
    if (!parked) return this.next();
    if (this.work.hasMoved) return this.taskMoved();
    this.open(parked.sheet, { at: parked.at, heard: parked.heard });
    this.holdClips();
  }

  // --- setting aside ---------------------------------------------------------------------------

  /** 先评下一份: the clip comes again when the others are done. */
  putOff() {
    if (!this.sheet || this.isChanging) return;
    toast(W.put_off(this.sheet.task.performance));
    this.saveDraft();
    this.work.putOffCurrent();
    this.goOn();
  }

  /** A technical fault is no mark: the node looks after the video and gives the task back. */
  report(fault) {
    if (!this.sheet || this.isChanging) return;
    const { task } = this.sheet;
    this.outbox.add("/api/faults", { event_id: newId(), task_id: task.id, fault }, task);
    this.saveDraft();
    this.clips.drop(task.video.url);
    this.work.putOff.add(task.id);
    toast(W.reported(task.performance));
    this.goOn();
  }

  goOn() {
    this.work.current = null;
    this.sheet = null;
    this.next();
  }

  /** The city has ended the sitting: what was typed stays as a draft. */
  end() {
    if (!this.isChanging) this.saveDraft();
    Object.assign(this, { sheet: null, parked: null, isChanging: false });
    this.work.current = null;
    this.wait();
  }

  // --- small things ------------------------------------------------------------------------------

  saveDraft() {
    const { sheet, player } = this;
    if (!sheet || sheet.revises) return;
    if (sheet.isEmpty && player.time < 1) return;
    const { levels, exception, comment, active, heardWasAsked } = sheet;
    const spentMs = sheet.spentMs + performance.now() - this.openedAt;
    const heard = player.heard?.toText() ?? "";
    const draft = { levels, exception, comment, active, heardWasAsked, spentMs, heard };
    this.drafts.put(sheet.task.id, { ...draft, time: player.time });
  }

  hint(text) {
    clearTimeout(this.hintTimer);
    say(el("hint"), text);
    if (text) this.hintTimer = setTimeout(() => say(el("hint"), ""), HINT_MS);
  }

  openComment() {
    if (!this.sheet) return;
    show(el("comment-box"), true);
    el("comment-button").setAttribute("aria-expanded", "true");
    el("comment").focus();
  }

  closeComment() {
    show(el("comment-box"), false);
    el("comment-button").setAttribute("aria-expanded", "false");
    if (document.activeElement === el("comment")) el("comment").blur();
  }

  setComment(text) {
    if (!this.sheet) return;
    this.sheet.comment = text;
    if (el("comment").value !== text) el("comment").value = text;
    this.changed();
  }

  showRound() {
    const { round } = this.sheet.task;
    const tag = el("round-tag");
    tag.className = `tag round${round}`;
    // 0: the city does not tell rounds 1 and 2 apart.
    show(tag, round > 0);
    say(tag, ROUND(round));
  }
}

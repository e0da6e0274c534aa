// @ts-check
// From one clip to the next: open, give, take back, change an earlier mark, set aside.
import { Away, Refused, isAway, newId, nodeNow } from "./api.js";
import { openBlocking } from "./dialogs.js";
import { Hand } from "./hand.js";
import { afterPaint, doNow } from "./later.js";
import { hideToast, toast } from "./pulse.js";
import { W } from "./words.js";
import { Sheet } from "./work.js";

const ABSENT_MS = 3000;
/** How long the end of a group may wait for the node's word of what is left. */
const WORD_MS = 500;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Flow {
  /** @param {any} parts the page's, see makeParts in marking.js */
  constructor(parts) {
    const { me, work, outbox, kept, drafts, clips, player, stage, waiting, pulse } = parts;
    Object.assign(this, { me, work, outbox, kept, drafts, clips, player, stage, waiting, pulse });
    this.reference = parts.reference;
    this.hand = new Hand(parts, {
      changed: () => afterPaint(this.saveDraft),
      give: (sheet) => this.give(sheet),
    });
    /**
     * What waits while an earlier mark is changed.
     * @type {{sheet: Sheet, at: number, heard: string} | null}
     */
    this.parked = null;
    this.isChanging = false;
    /** @type {any} the mark that Z takes back */
    this.last = null;
  }

  /** @returns {Sheet | null} the open mark, if any */
  get sheet() {
    return this.hand.sheet;
  }

  // --- clips ---------------------------------------------------------------------------------

  async chooseGroup(groupId) {
    this.saveDraft();
    this.work.choose(groupId);
    this.letGo();
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
      if (!(problem instanceof Away || problem instanceof Refused)) throw problem;
    }
    if (this.work.hasMoved && !this.isChanging) this.taskMoved();
    this.lookAhead();
  }

  /** Blocking announcements come between clips, never over one. */
  next() {
    const blocking = this.pulse.blocking();
    if (!blocking) return this.openNext();
    this.player.pause();
    openBlocking(blocking, (id) => this.pulse.read(id), () => this.next());
  }

  async openNext() {
    this.hand.sheet = null;
    if (!this.work.coming.length) await this.refill();
    const task = this.canOpen(this.work.coming[0]) ? this.work.advance() : null;
    if (task) this.openTask(task);
    else await this.endGroup();
    afterPaint(this.lookAhead);
  }

  lookAhead = () => {
    this.holdClips();
    this.pulse.showTop();
  };

  /** Without the node only what is held here can be watched. */
  canOpen(task) {
    return Boolean(task && (!isAway() || this.clips.url(task)));
  }

  /** What was known before the last mark would call that one a new task. */
  async endGroup() {
    this.player.close();
    // No picture comes that the mark would wait for, and the answer is to know of it.
    doNow();
    await Promise.race([this.pulse.ask(), pause(WORD_MS)]);
    if (!this.sheet) this.wait();
  }

  wait() {
    this.player.close();
    this.reference.rest();
    this.waiting.show(this.pulse.known());
    this.pulse.plan();
  }

  openTask(task) {
    const sheet = new Sheet(task, this.sheetPolicy());
    const draft = this.drafts.get(task.id);
    if (draft) sheet.resume(draft);
    this.open(sheet, { at: draft?.time ?? 0, heard: draft?.heard ?? "" });
  }

  sheetPolicy() {
    return { mayScoreIncomplete: this.me.policy.incomplete_may_be_scored };
  }

  open(sheet, resume) {
    this.openedAt = performance.now();
    const group = this.me.groups.find(({ id }) => id === sheet.task.group);
    // First of all the picture: the browser begins to play while the rest is drawn.
    if (sheet.task.video.is_ready) this.player.open(sheet.task, resume);
    this.waiting.hide();
    this.stage.open(sheet.task, group);
    this.reference.open(group);
    this.hand.open(sheet, group);
    if (!sheet.task.video.is_ready) this.awaitVideo(sheet, resume);
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

  /** The mark goes into the outbox and the next clip plays at once. */
  give(sheet) {
    const entry = this.outbox.add("/api/marks", this.bodyOf(sheet), sheet.task);
    this.kept.keep(entry.body);
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
    this.hand.sheet = null;
    this.next();
  }

  /** The person is away: nothing plays, and the time does not count. */
  rest() {
    this.saveDraft();
    this.player.pause();
    this.reference.rest();
    if (this.sheet) this.sheet.spentMs += performance.now() - this.openedAt;
  }

  comeBack() {
    this.openedAt = performance.now();
    this.holdClips();
  }

  /** The city has ended the sitting: what was typed stays as a draft. */
  end() {
    this.saveDraft();
    this.letGo();
    this.work.current = null;
    this.wait();
  }

  letGo() {
    this.hand.sheet = null;
    this.parked = null;
    this.isChanging = false;
  }

  escape() {
    if (!this.hand.escape() && this.isChanging) this.stopChanging();
  }

  submit() {
    if (this.waiting.isShown) this.waiting.accept();
    else this.hand.submit();
  }

  // --- drafts ------------------------------------------------------------------------------------

  saveDraft = () => {
    const { sheet, player } = this;
    if (!sheet || sheet.revises) return;
    if (sheet.isEmpty && player.time < 1) return;
    const { levels, exception, comment, active, heardWasAsked } = sheet;
    const spentMs = sheet.spentMs + performance.now() - this.openedAt;
    const heard = player.heard?.toText() ?? "";
    const draft = { levels, exception, comment, active, heardWasAsked, spentMs, heard };
    this.drafts.put(sheet.task.id, { ...draft, time: player.time });
  };
}

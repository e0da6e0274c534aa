// @ts-check
// What the hand does on the open mark: levels, flags, the comment, and the last look before 确定.
import { el, fill, h, say, show } from "./dom.js";
import { W } from "./words.js";

const ASK_GUARD_MS = 400;
const HINT_MS = 4000;

const phraseButton = (phrase, place) => {
  const key = `Alt+${place + 1}`;
  const words = { type: "button", class: "chip", "data-do": "phrase", "data-value": place };
  return h("button", { ...words, "aria-keyshortcuts": key }, phrase, h("kbd", {}, key));
};

export class Hand {
  /**
   * @param {any} parts the page's, see makeParts in marking.js
   * @param {{changed: () => void, give: (sheet: any) => void}} tell
   */
  constructor({ me, player, rubric }, tell) {
    Object.assign(this, { me, player, rubric, tell });
    /** @type {import("./work.js").Sheet | null} */
    this.sheet = null;
    fill(el("phrases"), ...me.policy.phrases.map(phraseButton));
  }

  open(sheet, group) {
    this.sheet = sheet;
    this.closeAsk();
    this.closeComment();
    this.hint("");
    this.write(sheet.comment);
    this.rubric.open(sheet, group);
  }

  /** Does something to the open mark, when there is one, and shows what came of it. */
  change(act) {
    if (!this.sheet) return;
    act(this.sheet);
    this.hint("");
    this.closeAsk();
    this.rubric.update();
    this.tell.changed();
  }

  level(level) {
    this.change((sheet) => sheet.give(level));
    this.explain();
  }

  levelAt(criterion, level) {
    this.change((sheet) => sheet.giveAt(criterion, level));
    this.explain();
  }

  explain() {
    const { sheet } = this;
    if (sheet && !sheet.takesLevels) this.hint(W.flag_hint(sheet.exception));
    else if (sheet?.left === 0) this.hint(W.full_hint);
  }

  select(criterion) {
    this.change((sheet) => sheet.select(criterion));
  }

  move(step) {
    this.change((sheet) => sheet.move(step));
  }

  clearRow() {
    this.change((sheet) => sheet.clearRow());
  }

  flag(code) {
    this.change((sheet) => sheet.flag(code));
    this.askReason();
  }

  setFlag(code) {
    this.change((sheet) => (sheet.exception = code));
    this.askReason();
  }

  /** @returns {boolean} whether the city wants to read why this is off topic, and cannot yet */
  lacksReason() {
    const isOffTopic = this.sheet?.exception === "off_topic" && !this.sheet.comment.trim();
    return Boolean(isOffTopic && this.me.policy.off_topic_needs_comment);
  }

  askReason() {
    if (this.lacksReason()) this.hint(W.reason_first);
  }

  hint(text) {
    clearTimeout(this.hintTimer);
    say(el("hint"), text);
    if (text) this.hintTimer = setTimeout(() => say(el("hint"), ""), HINT_MS);
  }

  // --- comment -------------------------------------------------------------------------------

  openComment() {
    if (!this.sheet) return;
    this.showComment(true);
    el("comment").focus();
  }

  closeComment() {
    this.showComment(false);
    if (document.activeElement === el("comment")) el("comment").blur();
  }

  showComment(visible) {
    show(el("comment-box"), visible);
    el("comment-button").setAttribute("aria-expanded", String(visible));
  }

  /** One phrase more, unless it is there already; writing goes on behind it. */
  addPhrase(place) {
    const phrase = this.me.policy.phrases[place];
    if (!this.sheet || !phrase || el("comment-box").hidden) return;
    const said = this.sheet.comment.trim();
    if (!said.includes(phrase)) this.setComment(said ? `${said}；${phrase}` : phrase);
    el("comment").focus();
  }

  setComment(text) {
    this.write(text);
    this.change((sheet) => (sheet.comment = text));
  }

  write(text) {
    if (el("comment").value !== text) el("comment").value = text;
  }

  // --- giving --------------------------------------------------------------------------------

  submit() {
    const { sheet } = this;
    if (!sheet) return;
    if (!sheet.isReady) this.hint(sheet.isEmpty ? W.nothing_yet : W.left(sheet.left));
    else if (this.lacksReason()) this.askReason();
    else if (this.heardEnough(sheet)) this.tell.give(sheet);
  }

  /** Asked once, in place of the flags; a second Enter submits. */
  heardEnough(sheet) {
    const isAsking = !el("ask").hidden;
    if (isAsking) return performance.now() - this.askedAt > ASK_GUARD_MS;
    const percent = this.player.heard?.percent ?? 0;
    const isEnough = percent >= this.me.policy.heard_percent_min;
    if (isEnough || sheet.revises || sheet.heardWasAsked || !sheet.takesLevels) return true;
    sheet.heardWasAsked = true;
    this.ask(percent, sheet);
    return false;
  }

  ask(percent, sheet) {
    this.askedAt = performance.now();
    const go = h("button", { type: "button", onclick: () => this.tell.give(sheet) }, W.submit_anyway);
    const stay = h("button", { type: "button", onclick: () => this.closeAsk() }, W.keep_listening);
    fill(el("ask"), h("b", {}, W.ask_heard(percent)), stay, go);
    show(el("ask"), true);
    show(el("flags"), false);
  }

  closeAsk() {
    show(el("ask"), false);
    show(el("flags"), true);
  }

  /** @returns {boolean} whether there was something here to leave */
  escape() {
    const isAsking = !el("ask").hidden;
    const isWriting = !el("comment-box").hidden;
    if (isAsking) this.closeAsk();
    else if (isWriting) this.closeComment();
    return isAsking || isWriting;
  }
}

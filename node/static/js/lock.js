// @ts-check
// 锁屏: hides the page of someone who is away until the password of the same account is given.
import * as api from "./api.js";
import { el, maskedName, say, show } from "./dom.js";
import { W } from "./words.js";

const IDLE_MS = 20 * 60_000;
const LOOK_MS = 5000;
const SIGNS_OF_LIFE = ["keydown", "pointerdown", "pointermove", "wheel"];

export class Lock {
  /** @param {{locked: () => void, unlocked: () => void, unsent: () => number}} tell */
  constructor({ account }, tell) {
    this.tell = tell;
    this.isOn = false;
    this.screen = el("lock");
    say(el("lock-person"), `${maskedName(account.name)}　${account.phone_masked}`);
    el("lock-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.open();
    });
    // Chrome lets a second Esc close any dialog; this one comes back.
    this.screen.addEventListener("cancel", (event) => event.preventDefault());
    this.screen.addEventListener("close", () => this.isOn && this.screen.showModal());
    this.watch();
  }

  watch() {
    this.seenAt = Date.now();
    const seen = () => (this.seenAt = Date.now());
    SIGNS_OF_LIFE.forEach((name) => document.addEventListener(name, seen, { passive: true }));
    setInterval(() => Date.now() - this.seenAt > IDLE_MS && this.close(), LOOK_MS);
  }

  /** The page was left: hidden at once, and the node is told to give nothing out. */
  close() {
    if (this.isOn || this.isOver) return;
    this.cover();
    this.isUntold = true;
    this.send();
  }

  cover() {
    if (this.isOn) return;
    this.isOn = true;
    this.answer("");
    document.body.dataset.locked = "true";
    if (!this.screen.open) this.screen.showModal();
    el("lock-password").value = "";
    el("lock-password").focus();
    this.tell.locked();
  }

  /** Only when all marks have left this PC, and the node is there: till then it is told nothing. */
  async send() {
    if (!this.isOn || !this.isUntold || this.tell.unsent()) return;
    this.isUntold = false;
    try {
      await api.write("/api/lock", {});
    } catch (problem) {
      if (!(problem instanceof api.Away || problem instanceof api.Refused)) throw problem;
      this.isUntold = problem instanceof api.Away;
    }
  }

  async open() {
    const field = el("lock-password");
    if (!field.value) return;
    try {
      await api.write("/api/unlock", { password: field.value });
      this.uncover();
      this.tell.unlocked();
    } catch (problem) {
      if (problem instanceof api.Away) return this.answer(W.cannot_reach);
      if (!(problem instanceof api.Refused)) throw problem;
      this.answer(problem.text);
    } finally {
      field.value = "";
    }
  }

  /** For a page that was reloaded while it was locked. */
  untilOpen() {
    this.cover();
    return new Promise((resolve) => (this.wentOpen = resolve));
  }

  uncover() {
    this.isOn = false;
    this.isUntold = false;
    this.seenAt = Date.now();
    delete document.body.dataset.locked;
    this.screen.close();
    this.wentOpen?.();
  }

  /** Signed out: there is nothing left to lock. */
  end() {
    this.isOver = true;
    if (this.isOn) this.uncover();
  }

  answer(text) {
    say(el("lock-answer"), text);
    show(el("lock-answer"), Boolean(text));
  }
}

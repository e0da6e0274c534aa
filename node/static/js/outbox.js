// @ts-check
// Keeps every mark on this PC until the node says it is saved; IndexedDB, so a reload loses none.
import { Away, Refused, newId, write } from "./api.js";
import { afterPaint } from "./later.js";

const RETRY_S = [1, 2, 4, 8, 15];

/**
 * @typedef {{event_id: string, account: number, path: string, body: any, task: any,
 *   code: string, at: string}} Entry one write: where it goes, and what the screen calls it
 */

export class Outbox {
  /**
   * @param {{changed: () => void, saved: (entry: Entry) => void,
   *   refused: (entry: Entry, why: Refused) => void}} tell
   */
  constructor(tell) {
    this.tell = tell;
    /** @type {Entry[]} */
    this.waiting = [];
    this.isSending = false;
    this.tries = 0;
    this.timer = 0;
  }

  /** Takes up what an earlier page of the same account could not send. */
  async load(account) {
    this.account = account;
    this.db = await openDatabase();
    const kept = this.db ? await readAll(this.db) : [];
    this.waiting = kept.filter((entry) => entry.account === account);
    this.tell.changed();
    this.send();
  }

  /** On its way to the disk at once, whatever becomes of this page; to the node after the picture. */
  add(path, body, task) {
    const entry = {
      event_id: body.event_id || newId(),
      account: this.account,
      path,
      body,
      task,
      code: task.performance,
      at: body.given_at || new Date().toISOString(),
    };
    this.waiting.push(entry);
    if (this.db) store(this.db, (entries) => entries.put(entry));
    this.tell.changed();
    afterPaint(this.send);
    return entry;
  }

  get marks() {
    return this.waiting.filter((entry) => entry.path === "/api/marks");
  }

  /** Tasks that are answered here though the node may not know it yet. */
  get taskIds() {
    return this.waiting.filter((entry) => !entry.body.revises).map((entry) => entry.task.id);
  }

  retryNow() {
    this.tries = 0;
    this.send();
  }

  stop() {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** In order, one at a time: a revision must not overtake the mark it revises. */
  send = async () => {
    if (this.isSending || this.isStopped) return;
    this.isSending = true;
    clearTimeout(this.timer);
    try {
      while (this.waiting.length && !this.isStopped) await this.sendFirst(this.waiting[0]);
    } catch (problem) {
      if (problem instanceof Away) this.retryLater();
      else if (!(problem instanceof Refused)) throw problem;
    } finally {
      this.isSending = false;
    }
  };

  async sendFirst(entry) {
    try {
      await write(entry.path, entry.body);
      this.drop(entry);
      this.tell.saved(entry);
    } catch (problem) {
      if (!(problem instanceof Refused) || problem.isAboutPerson) throw problem;
      this.drop(entry);
      this.tell.refused(entry, problem);
    }
  }

  drop(entry) {
    this.tries = 0;
    this.waiting = this.waiting.filter((other) => other !== entry);
    if (this.db) store(this.db, (entries) => entries.delete(entry.event_id));
    this.tell.changed();
  }

  retryLater() {
    const seconds = RETRY_S[Math.min(this.tries, RETRY_S.length - 1)];
    this.tries += 1;
    this.timer = setTimeout(() => this.send(), seconds * 1000);
  }
}

/** @returns {Promise<IDBDatabase | null>} null where the browser gives no storage: memory must do */
function openDatabase() {
  return new Promise((resolve) => {
    const asked = indexedDB.open("shengping", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("outbox", { keyPath: "event_id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => resolve(null);
  });
}

/** Committed by itself only when this page hears of the write: it may be gone by then. */
function store(db, act) {
  const transaction = db.transaction("outbox", "readwrite");
  act(transaction.objectStore("outbox"));
  transaction.commit();
}

/** Ids begin with the time, so the order of the keys is the order of submitting. */
function readAll(db) {
  return new Promise((resolve) => {
    const asked = db.transaction("outbox").objectStore("outbox").getAll();
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => resolve([]);
  });
}

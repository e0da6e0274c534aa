// @ts-check
// Talks to the node: one place for time limits, refusals, and knowing whether the node is there.

const TIMEOUT_MS = 8000;
const LOCKED = 423;

/** The node answered, and said no. `text` is Chinese and for the person. */
export class Refused extends Error {
  constructor(status, code, text) {
    super(code);
    this.status = status;
    this.code = code;
    this.text = text;
  }

  /** No answer about what was asked: it may be asked again, by whoever signs in or unlocks. */
  get isAboutPerson() {
    return this.status === 401 || this.status === LOCKED;
  }
}

/** No answer that came from a working node: try again later. */
export class Away extends Error {}

/** When the node stopped answering (ms since 1970), or 0 while it answers. */
let awaySince = 0;
/** Node clock minus this PC's clock, so that times are the node's even on a PC with a dead battery. */
let clockOffsetMs = 0;
const listeners = { link: [], locked: [], signedOut: [] };

/** @param {"link" | "locked" | "signedOut"} event */
export function on(event, act) {
  listeners[event].push(act);
}

const tell = (event, ...details) => listeners[event].forEach((act) => act(...details));

export const isAway = () => awaySince > 0;
export const awayFor = () => (awaySince ? Date.now() - awaySince : 0);
export const nodeNow = () => new Date(Date.now() + clockOffsetMs);

function setAway(away) {
  if (away === isAway()) return;
  awaySince = away ? Date.now() : 0;
  tell("link", away);
}

async function request(method, path, body, { timeoutMs = TIMEOUT_MS, keepalive = false } = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeoutMs);
  try {
    const answer = await fetch(path, {
      method,
      keepalive,
      signal: stop.signal,
      cache: "no-store",
      credentials: "same-origin",
      headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    return await read(answer);
  } catch (problem) {
    if (problem instanceof Refused) throw problem;
    setAway(true);
    throw new Away(String(problem));
  } finally {
    clearTimeout(timer);
  }
}

async function read(answer) {
  if (answer.status >= 500) throw new Error(`status ${answer.status}`);
  const content = await answer.json();
  setAway(false);
  if (answer.ok) return content;
  if (answer.status === 401) tell("signedOut", content.code, content.text);
  if (answer.status === LOCKED) tell("locked");
  throw new Refused(answer.status, content.code, content.text);
}

export const me = () => request("GET", "/api/me");

export async function progress(options) {
  const answer = await request("GET", "/api/progress", null, options);
  clockOffsetMs = Date.parse(answer.server_time) - Date.now();
  return answer;
}

export const tasks = (group, skip) =>
  request("GET", `/api/tasks?group=${group}&limit=4&skip=${skip.join(",")}`);

/** @param {{ group: number, before: string, query: string, exception: boolean }} wish */
export const history = (wish) => request("GET", `/api/history?${new URLSearchParams(wish)}`);

/** @param {string} path of a write that the outbox repeats until it is answered */
export const write = (path, body) => request("POST", path, body, { keepalive: true });

/** Which of these marks the city has, and which the node does not know. */
export const reported = (ids) => request("POST", "/api/reported", { event_ids: ids });

export const receipt = (id) => request("POST", "/api/receipts", { announcement_id: id });
export const prefer = (key, value) => request("POST", "/api/preferences", { key, value });

/** 12 hex digits of Unix ms, then 20 random ones; a ready-made UUID function needs https. */
export function newId(now = Date.now()) {
  const random = crypto.getRandomValues(new Uint8Array(10));
  const digits = Array.from(random, (byte) => byte.toString(16).padStart(2, "0"));
  return now.toString(16).padStart(12, "0") + digits.join("");
}

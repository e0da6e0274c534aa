// @ts-check
// The only fetch: a time limit, JSON in and out, and two kinds of wrong.

/** The server understood and said no; `text` is Chinese and may be shown. */
export class Refused extends Error {
  /** @param {number} status @param {string} code @param {string} text */
  constructor(status, code, text) {
    super(text);
    this.status = status;
    this.code = code;
    this.text = text;
  }
}

/** Nobody answered, or not what our server would answer. Trying again later is right. */
export class Unreachable extends Error {}

/**
 * @param {string} url
 * @param {{method?: string, body?: unknown, timeoutMs?: number, keepalive?: boolean,
 *   signal?: AbortSignal, headers?: Record<string, string>}} [options]
 * @returns {Promise<Response>}
 */
export async function request(url, options = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), options.timeoutMs ?? 10_000);
  const pass = () => stop.abort();
  if (options.signal?.aborted) pass();
  options.signal?.addEventListener("abort", pass, { once: true });
  try {
    return await answered(await fetch(url, settings(options, stop.signal)));
  } catch (problem) {
    throw problem instanceof Refused ? problem : new Unreachable(String(problem));
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", pass);
  }
}

/** Like request, and hands back the JSON of the answer. The time limit covers the head only. */
export async function send(url, options = {}) {
  const answer = await request(url, options);
  try {
    return await answer.json();
  } catch (problem) {
    throw new Unreachable(String(problem));
  }
}

function settings(options, signal) {
  const headers = { Accept: "application/json", ...options.headers };
  const init = { method: options.method ?? "GET", headers, signal, credentials: "same-origin" };
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.method = options.method ?? "POST";
    init.body = JSON.stringify(options.body);
  }
  if (options.keepalive) init.keepalive = true;
  return init;
}

async function answered(answer) {
  if (answer.ok) return answer;
  if (answer.status >= 500) throw new Unreachable(String(answer.status));
  const said = await answer.json().catch(() => null);
  if (typeof said?.text !== "string") throw new Unreachable(String(answer.status));
  throw new Refused(answer.status, said.code, said.text);
}

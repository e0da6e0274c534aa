// @ts-check
// Whole clips held on this PC, so that the next one starts at once and goes on without the node.

const CLIP_BYTES_MAX = 60e6;
const ALL_BYTES_MAX = 80e6;
const RETRY_MS = 5000;

export class Clips {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Map<string, {url: string, bytes: number}>} */
    this.held = new Map();
    /** @type {any[]} */
    this.wanted = [];
    this.failedAt = new Map();
  }

  url(task) {
    return this.held.get(task.video.url)?.url ?? null;
  }

  /** Holds on to these, fetches the ones to come, lets go of all others. */
  want(toCome, alsoKeep = []) {
    this.wanted = toCome.filter((task) => task.video.is_ready);
    const kept = new Set([...alsoKeep, ...toCome].filter(Boolean).map((task) => task.video.url));
    for (const name of [...this.held.keys()]) if (!kept.has(name)) this.drop(name);
    if (this.fetching && !this.wanted.some((task) => task.video.url === this.fetching.name)) {
      this.fetching.stop.abort();
    }
    this.changed();
  }

  async isHere(task) {
    try {
      return (await fetch(task.video.url, { method: "HEAD", cache: "no-store" })).ok;
    } catch {
      return false;
    }
  }

  drop(name) {
    const clip = this.held.get(name);
    if (!clip) return;
    this.held.delete(name);
    URL.revokeObjectURL(clip.url);
  }

  /** One at a time, in order; the clip that is being watched goes first and needs the line. */
  async fetchNext() {
    if (this.fetching) return;
    const task = this.wanted.find((each) => this.isDue(each));
    if (!task) return;
    const name = task.video.url;
    this.fetching = { name, stop: new AbortController() };
    const blob = await download(name, this.fetching.stop.signal);
    this.fetching = null;
    if (!blob) {
      this.failedAt.set(name, Date.now());
      return;
    }
    this.held.set(name, { url: URL.createObjectURL(blob), bytes: blob.size });
    this.changed();
    this.fetchNext();
  }

  isDue(task) {
    const { url } = task.video;
    const failedAt = this.failedAt.get(url) ?? 0;
    return !this.held.has(url) && Date.now() - failedAt > RETRY_MS && this.hasRoom(task);
  }

  hasRoom(task) {
    const held = [...this.held.values()].reduce((sum, clip) => sum + clip.bytes, 0);
    return task.video.bytes <= CLIP_BYTES_MAX && held + task.video.bytes <= ALL_BYTES_MAX;
  }
}

/** @returns {Promise<Blob | null>} null when it was cut short: the player then streams the clip */
async function download(name, signal) {
  try {
    const answer = await fetch(name, { signal, credentials: "same-origin" });
    return answer.ok ? await answer.blob() : null;
  } catch {
    return null;
  }
}

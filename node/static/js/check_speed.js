// @ts-check
// How fast the node's bytes come here, and how long it takes to answer.
import { request } from "./send.js";

const PINGS = 10;
const ENOUGH_MS = 6000;
const PATIENCE_MS = 120_000;
const NOTHING = { mbit: 0, ping_ms: null };

export async function speed() {
  try {
    return { ping_ms: await ping(), mbit: await download() };
  } catch {
    return NOTHING;
  }
}

async function ping() {
  const times = [];
  for (let n = 0; n < PINGS; n += 1) {
    const began = performance.now();
    await request("/api/check/ping");
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return Math.round(times[PINGS / 2]);
}

async function download() {
  const answer = await request("/api/check/speed", { timeoutMs: PATIENCE_MS });
  const reader = answer.body?.getReader();
  // The node measures few PCs at a time: what is waited for the first bytes does not count.
  await reader?.read();
  const began = performance.now();
  let bytes = 0;
  let passed = 0;
  while (reader) {
    const { done, value } = await reader.read();
    passed = performance.now() - began;
    bytes += value?.byteLength ?? 0;
    if (done || passed > ENOUGH_MS) break;
  }
  await reader?.cancel();
  return Math.round((80 * bytes) / passed / 1000) / 10;
}

// @ts-check
// A live part of a page: fetched again every few seconds and put in place of the old one.
//   <div data-part="refresh" data-url="/overview/live" data-every-s="5" data-moment="13:05:20">
// While it fails the old data stay, and [data-freshness] says since when:
//   data-text-fresh="数据更新于 {}"  data-text-stale="数据停在 {}，正在重试"  data-tone="warn"
import { Refused, request } from "./send.js";

const STALE_MS = 30_000;

export function refresh(element) {
  let part = element;
  let good = Date.now();
  // A part that comes without an address has come to its end.
  const again = () => part.dataset.url && setTimeout(turn, 1000 * Number(part.dataset.everyS ?? 5));
  async function turn() {
    if (document.hidden) return again();
    try {
      part = await replace(part);
      good = Date.now();
      say(part, "fresh");
    } catch (problem) {
      if (problem instanceof Refused && problem.status === 401) return location.reload();
      if (Date.now() - good > STALE_MS) say(part, "stale");
    }
    return again();
  }
  again();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - good > STALE_MS) say(part, "stale");
  });
}

async function replace(part) {
  const headers = { Accept: "text/html", "X-Part": "1" };
  const answer = await request(part.dataset.url, { headers });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body
    .firstElementChild;
  // Whoever is typing inside keeps the old one until the next turn.
  const typing = document.activeElement?.matches("input, textarea, select");
  if (!fresh || (typing && part.contains(document.activeElement))) return part;
  fresh.setAttribute("data-mounted", "");
  const held = part.contains(document.activeElement) ? document.activeElement?.id : "";
  part.replaceWith(fresh);
  if (held) document.getElementById(held)?.focus();
  fresh.dispatchEvent(new CustomEvent("refreshed", { bubbles: true }));
  return fresh;
}

function say(part, state) {
  const place = document.querySelector("[data-freshness]");
  const words = state === "fresh" ? part.dataset.textFresh : part.dataset.textStale;
  if (!place || !words) return;
  const tone = state === "fresh" ? (part.dataset.tone ?? "ok") : "warn";
  place.classList.toggle("is-ok", tone === "ok");
  place.classList.toggle("is-warn", tone === "warn");
  const text = place.querySelector("[data-freshness-text]") ?? place;
  text.textContent = words.replace("{}", part.dataset.moment ?? "");
}

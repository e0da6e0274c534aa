// @ts-check
// The settings page: a backup of the old server goes to this one as it is, piece by piece.
import { mount } from "./mount.js";

export function take_backup(form) {
  const said = /** @type {HTMLElement} */ (document.querySelector("[data-imported]"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const label = button.textContent;
    button.disabled = true;
    button.textContent = form.dataset.textBusy;
    const [words, tone] = await hand_in(form);
    said.textContent = words;
    said.className = `flash is-${tone}`;
    said.hidden = false;
    button.disabled = false;
    button.textContent = label;
  });
}

async function hand_in(form) {
  const body = form.querySelector("input[type=file]").files[0];
  const headers = { Accept: "application/json", "Content-Type": "application/octet-stream" };
  try {
    const answer = await fetch(form.dataset.url, { method: "POST", body, headers });
    return [(await answer.json()).text, answer.ok ? "ok" : "bad"];
  } catch {
    return [form.dataset.textLost, "bad"];
  }
}

mount({ take_backup });

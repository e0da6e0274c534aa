// @ts-check
// The check of a PC: measures what it can by itself, asks for two ears and seven keys, and shows
// what the node says of it. The node judges; here things are only measured.
import { mount } from "./mount.js";
import { send as json } from "./send.js";
import { agent, screen } from "./check_browser.js";
import { speed } from "./check_speed.js";
import { play } from "./check_video.js";
import { sound } from "./check_sound.js";
import { keys } from "./check_keys.js";

export function check(element) {
  const found = {};
  let turn = Promise.resolve();
  const tell = (more) => {
    Object.assign(found, more);
    turn = turn.then(() => send(element, found));
    return turn;
  };
  const video = element.querySelector("[data-video]");
  const steps = {
    browser: async () => tell(agent()),
    screen: async () => tell(screen()),
    speed: async () => tell(await speed()),
    video: async () => tell(await play(video, element.dataset.sample)),
  };
  const quiz = sound(element.querySelector("[data-sound]"), tell);
  keys(element, tell, quiz);
  for (const button of element.querySelectorAll("[data-again]")) {
    const step = steps[button.dataset.again] ?? quiz.again;
    button.addEventListener("click", () => again(button, step));
  }
  seat(element);
  run(steps);
}

async function run(steps) {
  await steps.browser();
  await steps.screen();
  await steps.speed();
  await steps.video();
}

async function again(button, step) {
  button.disabled = true;
  await step();
  button.disabled = false;
}

async function send(element, found) {
  try {
    show(element, await json("/api/check", { body: found }));
  } catch (problem) {
    const words = /** @type {any} */ (problem).text ?? element.dataset.textLost;
    element.querySelector("[data-verdict] [data-text]").textContent = words;
  }
}

function show(element, said) {
  const verdict = element.querySelector("[data-verdict]");
  tone(verdict, said.verdict.tone);
  verdict.querySelector("[data-title]").textContent = said.verdict.title;
  verdict.querySelector("[data-text]").textContent = said.verdict.text;
  if (said.lines.every((line) => line.tone !== "open")) finish(element);
  for (const line of said.lines) {
    const place = element.querySelector(`[data-line="${line.name}"]`);
    const remedy = place.querySelector("[data-remedy]");
    tone(place, line.tone);
    // What is not measured yet goes on saying what is being done.
    if (line.text) place.querySelector("[data-text]").textContent = line.text;
    remedy.textContent = line.remedy;
    remedy.hidden = !line.remedy;
    const button = place.querySelector("[data-again]");
    if (button) button.hidden = line.tone === "open" || (line.tone === "ok" && line.name !== "sound");
  }
}

function finish(element) {
  element.querySelector("[data-onward]").hidden = false;
  element.querySelector("[data-skip]")?.remove();
}

function tone(place, name) {
  for (const each of ["ok", "warn", "bad", "open"]) place.classList.toggle(`is-${each}`, each === name);
}

function seat(element) {
  const field = element.querySelector("[data-seat]");
  field.addEventListener("change", () => json("/api/check/seat", { body: { seat: field.value } }).catch(() => {}));
  field.addEventListener("keydown", (event) => event.key === "Enter" && field.blur());
}

mount({ check });

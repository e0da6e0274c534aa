// @ts-check
// Elements made and found, and figures as people write them. Text goes in as text, never as markup.

/**
 * @param {string} tag
 * @param {Record<string, any>} [props] on… are listeners, true and false are set or left out
 * @param {...(Node | string | number | null | undefined | false)} children
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, String(value));
    }
  }
  element.append(...shown(children));
  return element;
}

/** Children without the holes that conditions leave. @returns {(Node | string)[]} */
function shown(children) {
  return children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

export function fill(element, ...children) {
  element.replaceChildren(...shown(children));
}

/** @returns {any} the element with this id */
export const el = (id) => document.getElementById(id);

/** Text is written only when it differs: a live region then speaks once. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Written only when it differs, as with `set`: the same again would have the page styled again. */
export const show = (element, visible) => {
  if (element.hidden === visible) element.hidden = !visible;
};

export function set(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

export const key = (name) => h("kbd", {}, name);

/** A button that does a named command, see marking.js. */
export const button = (text, act, props = {}) =>
  h("button", { type: "button", onclick: act, ...props }, text);

const two = (number) => String(number).padStart(2, "0");

/** 84.2 -> 1:24 */
export function minutes(seconds) {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
}

/** 23 -> 00:23 */
export const stopwatch = (seconds) => `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;

/** @param {Date | string | number} moment -> 13:02 */
export function clock(moment) {
  const date = new Date(moment);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** -> 13:02:40 */
export const clockWithSeconds = (moment) =>
  `${clock(moment)}:${two(new Date(moment).getSeconds())}`;

/** -> 11-24 13:02 */
export function dayAndClock(moment) {
  const date = new Date(moment);
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(date)}`;
}

/** 0.964 -> 96.4%; no data is -- */
export const share = (done, total) => (total > 0 ? `${((100 * done) / total).toFixed(1)}%` : "--");

/** 王一一 -> 王*一, as the top bar shows it. */
export function maskedName(name) {
  const letters = Array.from(name);
  if (letters.length < 2) return name;
  return letters.length === 2 ? `${letters[0]}*` : `${letters[0]}*${letters[letters.length - 1]}`;
}

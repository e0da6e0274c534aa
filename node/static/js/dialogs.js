// @ts-check
// The one dialog and the menus, and what is shown in them: groups, keys, announcements, settings.
import { button, dayAndClock, el, fill, h, key, show } from "./dom.js";
import { W } from "./words.js";

let whenClosed = () => {};

/** @param {{wide?: boolean, closed?: () => void, mustAnswer?: boolean, focus?: HTMLElement}} [how] */
export function openDialog(title, body, { wide, closed, mustAnswer, focus } = {}) {
  const dialog = el("dialog");
  whenClosed = closed ?? (() => {});
  fill(el("dialog-title"), title);
  fill(el("dialog-body"), ...[body].flat());
  dialog.classList.toggle("wide", Boolean(wide));
  dialog.dataset.mustAnswer = String(Boolean(mustAnswer));
  show(el("dialog-close"), !mustAnswer);
  if (!dialog.open) dialog.showModal();
  (focus ?? (mustAnswer ? dialog.querySelector(".dialog-body button") : el("dialog-close")))?.focus();
}

export function closeDialog() {
  el("dialog").close();
}

export const isDialogOpen = () => el("dialog").open;

/** Called once. Up and down walk through what can be picked, digits pick by number. */
export function setUpDialog() {
  const dialog = el("dialog");
  el("dialog-close").addEventListener("click", closeDialog);
  dialog.addEventListener("close", () => whenClosed());
  dialog.addEventListener("cancel", (event) => {
    if (dialog.dataset.mustAnswer === "true") event.preventDefault();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.isComposing || event.target.matches("input[type=search], select")) return;
    if (walk(event, [...dialog.querySelectorAll("[data-pick]")])) return;
    const number = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    if (number) dialog.querySelector(`[data-number="${number[1]}"]`)?.click();
  });
}

function walk(event, picks) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.code];
  if (!step || !picks.length) return false;
  event.preventDefault();
  const at = picks.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : picks.length - 1) : at + step;
  picks[(next + picks.length) % picks.length].focus();
  return true;
}

/** A small panel under its button; Esc or a click beside it closes it. */
export class Popup {
  constructor(panel, opener) {
    this.panel = panel;
    this.opener = opener;
    panel.addEventListener("keydown", (event) => this.key(event));
    panel.addEventListener("click", ({ target }) => target.closest("[data-do]") && this.close());
    document.addEventListener("pointerdown", ({ target }) => {
      if (!panel.contains(target) && !opener.contains(target)) this.close();
    });
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  toggle() {
    if (this.isOpen) return this.close();
    show(this.panel, true);
    this.opener.setAttribute("aria-expanded", "true");
    this.panel.querySelector("button:enabled")?.focus();
  }

  close() {
    if (!this.isOpen) return;
    const hadFocus = this.panel.contains(document.activeElement);
    show(this.panel, false);
    this.opener.setAttribute("aria-expanded", "false");
    if (hadFocus) this.opener.focus({ preventScroll: true });
    this.opener.blur();
  }

  key(event) {
    if (event.code === "Escape" || event.code === "Tab") this.close();
    else if (!walk(event, [...this.panel.querySelectorAll("button:enabled, a:not([hidden])")])) return;
    event.preventDefault();
  }
}

/** @param {any[]} groups of the progress answer, those with new third marks first */
export function openGroups(groups, currentId, choose) {
  const ordered = [...groups].sort((a, b) => Number(b.open_round3 > 0) - Number(a.open_round3 > 0));
  const rows = ordered.map((group, place) => groupRow(group, place + 1, currentId, choose));
  openDialog(W.groups, h("div", { class: "groups" }, ...rows));
}

function groupRow(group, number, currentId, choose) {
  const pick = () => {
    closeDialog();
    choose(group.id);
  };
  const isDone = group.open === 0;
  const act = button([key(number), W.groups_enter], pick, {
    "data-pick": true, "data-number": number, "data-testid": "group-pick",
  });
  return h(
    "div",
    { class: "group-line" },
    h("b", {}, group.label, group.id === currentId && h("span", { class: "tag" }, W.groups_here)),
    h("span", { class: "num" }, W.of_total(...doneOf(group))),
    h("span", {}, isDone ? doneTag(doneOf(group)[1]) : W.groups_open(group.open)),
    h("span", { class: "later-note" }, laterWords(group)),
    isDone ? h("span") : act,
  );
}

/** @returns {[number, number]} done and total over all rounds of a group */
export function doneOf(group) {
  const sum = (name) => group.rounds.reduce((total, round) => total + round[name], 0);
  return [sum("done"), sum("total")];
}

export const doneTag = (total) =>
  total > 0 ? h("span", { class: "tag ok" }, W.groups_done) : h("span", { class: "help" }, "--");

const laterWords = (group) =>
  group.open_round3 > 0 && W.groups_later(group.open_round3, laterRound([group]));

/** 3 or 4: the round of the tasks that came after the first two marks. */
export function laterRound(groups) {
  const open = groups.flatMap((group) => group.rounds.filter(({ total, done }) => done < total));
  return Math.max(3, ...open.map(({ round }) => round));
}

export function openHelp() {
  openDialog(W.help, el("help-text").content.cloneNode(true));
}

export function openAnnouncements(announcements, read) {
  const rows = announcements.map(({ id, text, published_at, is_read }) => {
    const got = button(W.got_it, ({ currentTarget }) => {
      read(id);
      currentTarget.replaceWith(W.read);
    }, { "data-pick": true });
    return h(
      "li",
      {},
      h("time", { datetime: published_at }, dayAndClock(published_at)),
      h("p", {}, text),
      h("span", {}, is_read ? W.read : got),
    );
  });
  const list = h("ul", { class: "announcements" }, ...rows);
  openDialog(W.announcements, rows.length ? list : h("p", {}, W.no_announcements));
}

/** Must be answered before the next clip. */
export function openBlocking({ id, text, published_at }, read, closed) {
  const answer = button(W.got_it, () => {
    read(id);
    closeDialog();
  }, { class: "primary", "data-testid": "blocking-got-it" });
  openDialog(W.city_says(dayAndClock(published_at)), [h("p", { class: "big" }, text), answer], {
    mustAnswer: true, closed,
  });
}

/** Nothing more can be done on this page but to sign in. @param {string} text says where, if elsewhere */
export function openSignedOut(code, text) {
  const isElsewhere = code === "taken_over";
  const note = isElsewhere ? W.taken_over_note : W.signed_out_note;
  const link = h("a", { class: "primary", href: "/", "data-testid": "sign-in-again" }, W.sign_in_again);
  openDialog(isElsewhere ? text : W.signed_out, [h("p", { class: "big" }, note), link], {
    // Chrome lets a second Esc close any dialog; this one comes back.
    mustAnswer: true, focus: link, closed: () => openSignedOut(code, text),
  });
}

/**
 * @param {{preferences: any, pace: string | null, prefer: (key: string, value: string) => void,
 *   lockUp: () => void, signOut: () => void}} my
 */
export function openPerson(name, { preferences, pace, prefer, lockUp, signOut }) {
  const choice = (key_, title, words) =>
    h(
      "fieldset",
      {},
      h("legend", {}, title),
      ...Object.entries(words).map(([value, label]) =>
        h("label", {}, h("input", {
          type: "radio", name: key_, value, checked: preferences[key_] === value,
          onchange: () => prefer(key_, value),
        }), label),
      ),
    );
  openDialog(name, [
    choice("theme", W.theme, W.themes),
    choice("font", W.font, W.fonts),
    chimeBox(preferences, prefer),
    pace && h("p", { class: "help" }, W.pace(pace)),
    h(
      "div",
      { class: "line" },
      h("a", { class: "button", href: "/password" }, W.password),
      button(W.lock, () => {
        closeDialog();
        lockUp();
      }),
      button(W.sign_out, () => {
        // What may stand in the way is said in the bar above, which a dialog would cover.
        closeDialog();
        signOut();
      }),
    ),
  ]);
}

export function chimeBox(preferences, prefer) {
  const box = h("input", {
    type: "checkbox", checked: preferences.chime === "on",
    onchange: ({ target }) => prefer("chime", target.checked ? "on" : "off"),
  });
  return h("label", { class: "line" }, box, W.chime);
}

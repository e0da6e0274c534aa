// @ts-check
// Every command of the page by name, and the keys that give it.
// Keys are known by their place (event.code), so CapsLock and IME do not matter.
import * as dialogs from "./dialogs.js";
import { el, minutes } from "./dom.js";

const PLAIN = {
  Digit3: ["level", 3], Digit2: ["level", 2], Digit1: ["level", 1], Digit0: ["level", 0],
  Numpad3: ["level", 3], Numpad2: ["level", 2], Numpad1: ["level", 1], Numpad0: ["level", 0],
  ArrowUp: ["up"], ArrowDown: ["down"], Backspace: ["clear_row"],
  Enter: ["submit"], NumpadEnter: ["submit"], KeyZ: ["undo"], Escape: ["escape"],
  Space: ["toggle"], NumpadDecimal: ["toggle"],
  ArrowLeft: ["back"], ArrowRight: ["forward"], NumpadSubtract: ["back"], NumpadAdd: ["forward"],
  KeyR: ["restart"], NumpadMultiply: ["restart"], KeyL: ["loop"],
  KeyD: ["zoom_in"], KeyF: ["zoom_out"],
  KeyC: ["comment"], KeyH: ["history"], KeyT: ["groups"], KeyV: ["layout"], KeyN: ["notices"],
  KeyG: ["reference"],
};
const WITH_ALT = {
  Digit1: ["flag", "no_picture"], Digit2: ["flag", "incomplete"], Digit3: ["flag", "off_topic"],
};
const PHRASE = /^Digit([1-6])$/;
const REPEATING = new Set(["up", "down", "back", "forward"]);
const PRESSES = new Set(["Space", "Enter", "NumpadEnter"]);

/** @returns {[string, any?] | null} the command of a key press, and what it is about */
export function commandOf(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey) return null;
  if (event.altKey) return event.repeat ? null : (WITH_ALT[event.code] ?? null);
  if (event.code === "Slash") return event.repeat ? null : ["help"];
  if (event.shiftKey) return null;
  const command = PLAIN[event.code] ?? null;
  if (command && event.repeat && !REPEATING.has(command[0])) return null;
  return command;
}

/** What is not a command there is written. */
function commandInText({ code, altKey, target }) {
  if (code === "Escape") return ["close_comment"];
  const phrase = altKey && target.id === "comment" && PHRASE.exec(code);
  return phrase ? ["phrase", Number(phrase[1]) - 1] : null;
}

/** @param {{run: (name: string, value?: any) => void, isModal: () => boolean}} page */
export function listenToKeys(page) {
  document.addEventListener("keydown", (event) => {
    if (page.isModal()) return;
    const inText = isText(event.target);
    const command = inText ? commandInText(event) : commandOf(event);
    if (!command || isForFocused(event)) return;
    event.preventDefault();
    page.run(...command);
  });
  // A button clicked with the mouse keeps the focus and would then swallow the space bar.
  const letGo = ({ detail, target }) => {
    const focused = document.activeElement;
    const isClicked = focused instanceof HTMLElement && focused.contains(target);
    if (detail > 0 && isClicked && focused !== document.body && !isText(focused)) focused.blur();
  };
  document.addEventListener("click", letGo, true);
}

/** A control reached with Tab answers its own keys. */
function isForFocused({ code }) {
  const focused = document.activeElement;
  if (!focused?.matches("button, a, input, select, #lyrics")) return false;
  if (!focused.matches(":focus-visible")) return false;
  if (focused.matches("#lyrics")) return ["ArrowUp", "ArrowDown"].includes(code);
  return PRESSES.has(code) || (focused.matches("input") && code.startsWith("Arrow"));
}

function isText(target) {
  if (!(target instanceof Element) || !target.matches("input, textarea, select")) return false;
  return !target.matches("input[type=range], input[type=checkbox], input[type=radio]");
}

/** Every command by name: buttons carry it as data-do, the map above gives it keys. */
export function commandsOf(page) {
  const { flow, player, stage } = page;
  const { hand } = flow;
  return {
    level: (level) => (hand.level(level), player.state === "blocked" && player.play()),
    up: () => hand.move(-1),
    down: () => hand.move(1),
    clear_row: () => hand.clearRow(),
    submit: () => flow.submit(),
    undo: () => flow.takeBack(),
    escape: () => flow.escape(),
    flag: (code) => hand.flag(code),
    set_flag: (code) => hand.setFlag(code),
    clear_flag: () => hand.setFlag(""),
    comment: () => hand.openComment(),
    phrase: (place) => hand.addPhrase(Number(place)),
    close_comment: () => hand.closeComment(),
    clear_comment: () => hand.setComment(""),
    fault: (fault) => flow.report(fault),
    toggle: () => player.toggle(),
    restart: () => player.restart(),
    back: () => player.seekBy(-5),
    forward: () => player.seekBy(5),
    loop: () => player.stepLoop(),
    zoom_in: () => stage.zoom.change(1),
    zoom_out: () => stage.zoom.change(-1),
    zoom_home: () => stage.zoom.home(),
    pan_home: () => stage.zoom.panHome(),
    reference: () => page.reference.toggle(),
    model: () => page.reference.toggleModel(),
    layout: () => page.setLayout(document.body.dataset.layout === "full" ? "brief" : "full"),
    layout_full: () => page.setLayout("full"),
    layout_brief: () => page.setLayout("brief"),
    ...dialogCommands(page),
  };
}

/** The menu's entries about a clip need an open one; that of an earlier mark cannot be set aside. */
function offer({ sheet, isChanging }) {
  for (const entry of el("menu").querySelectorAll("[data-needs-clip]")) {
    entry.disabled = !sheet || (isChanging && entry.dataset.do === "fault");
  }
}

function dialogCommands(page) {
  const { me, work, pulse } = page;
  return {
    menu: () => {
      offer(page.flow);
      page.menu.toggle();
    },
    groups: () => dialogs.openGroups(pulse.progress.groups, work.groupId, page.chooseGroup),
    history: () => page.history.open(work.groupId),
    help: () => dialogs.openHelp(),
    notices: () => dialogs.openAnnouncements(pulse.announcements, (id) => pulse.read(id)),
    person: () =>
      dialogs.openPerson(me.account.name, {
        preferences: me.preferences,
        pace: pulse.progress.pace_s ? minutes(pulse.progress.pace_s) : null,
        prefer: page.prefer,
        lockUp: () => page.lockUp(),
        signOut: () => page.signOut(),
      }),
    lock: () => page.lockUp(),
    sign_out: () => page.signOut(),
  };
}

// @ts-check
// Entry of the marking page: puts the parts together and gives every command its meaning.
import * as api from "./api.js";
import { Clips } from "./clips.js";
import * as dialogs from "./dialogs.js";
import { el, fill, h, maskedName, say, show } from "./dom.js";
import { Flow } from "./flow.js";
import { History } from "./history.js";
import { Kept } from "./kept.js";
import { commandsOf, listenToKeys } from "./keys.js";
import { afterPaint, doNow } from "./later.js";
import { Lock } from "./lock.js";
import { Outbox } from "./outbox.js";
import { Player } from "./player.js";
import { Bars, Pulse, toast } from "./pulse.js";
import { Reference } from "./reference.js";
import { earlierTable, Rubric } from "./rubric.js";
import { Stage } from "./stage.js";
import { Waiting } from "./waiting.js";
import { W } from "./words.js";
import { Drafts, recall, remember, Work } from "./work.js";

const START_AGAIN_MS = 2000;
const SECOND_MS = 1000;
const DRAFT_EVERY_MS = 5000;
const FETCHES_IN = new Set(["playing", "paused", "ended", "blocked"]);
/** Situations that end by themselves: the next clip opens without a key. */
const GOES_ON_ALONE = new Set(["away", "videos_coming"]);

async function begin() {
  try {
    const [me, progress] = [await api.me(), await api.progress()];
    await open(me, progress);
  } catch (problem) {
    if (problem instanceof api.Refused) return sayLoading(problem.text);
    if (!(problem instanceof api.Away)) throw problem;
    sayLoading(W.cannot_reach);
    setTimeout(begin, START_AGAIN_MS);
  }
}

const sayLoading = (text) => fill(el("loading"), h("p", { class: "card", role: "status" }, text));

async function open(me, progress) {
  const page = makeParts(me);
  applyPreferences(page);
  say(el("person-name"), maskedName(me.account.name));
  show(el("feedback-link"), me.account.role === "marker");
  listen(page);
  page.pulse.start(progress);
  if (me.is_locked) await page.lock.untilOpen();
  await page.outbox.load(me.account.id);
  await page.kept.start();
  show(el("loading"), false);
  page.chooseGroup(firstGroup(me, progress));
}

const groupName = ({ account }) => `shengping.group.${account.id}`;

/** The group of last time while it has work, else the first that has. */
function firstGroup(me, progress) {
  const remembered = recall(groupName(me));
  const open = progress.groups.filter((group) => group.open > 0);
  const mine = progress.groups.filter((group) => group.rounds.length > 0);
  const among = [open, mine, progress.groups].find((groups) => groups.length) ?? [];
  return (among.find(({ id }) => id === remembered) ?? among[0])?.id ?? 0;
}

function makeParts(me) {
  /** @type {any} */
  const page = { me };
  page.outbox = new Outbox({
    changed: () => outboxChanged(page),
    saved: () => saved(page),
    refused: (entry, refusal) => refused(page, entry, refusal),
  });
  page.work = new Work(() => page.outbox.taskIds);
  page.drafts = new Drafts(me.account.id);
  const unsent = () => page.outbox.marks.map((entry) => entry.event_id);
  page.kept = new Kept(me, unsent, () => page.pulse.showStates());
  page.bars = new Bars({
    reconnect: () => reconnect(page),
    read: (id) => page.pulse.read(id),
    held: () => page.pulse.held,
  });
  page.prefer = (key, value) => prefer(page, key, value);
  page.chooseGroup = (id) => chooseGroup(page, id);
  page.setLayout = (layout) => setLayout(page, layout);
  page.signOut = () => signOut(page);
  page.lockUp = () => page.lock.close();
  page.history = new History(me, () => page.outbox.marks, (mark) => page.flow.revise(mark));
  page.waiting = new Waiting({
    me, choose: page.chooseGroup, prefer: page.prefer, history: () => page.history.open(0),
  });
  makeStage(page);
  page.pulse = new Pulse(page, (answer) => beat(page, answer));
  page.flow = new Flow(page);
  page.lock = new Lock(me, {
    locked: () => page.flow.rest(),
    unlocked: () => unlocked(page),
    unsent: () => page.outbox.waiting.length,
  });
  return page;
}

function makeStage(page) {
  page.fetchNext = () => page.clips.fetchNext();
  page.clips = new Clips(() => {
    page.player.prepare(page.work.coming[0]);
    page.pulse.showStates();
  });
  page.player = new Player(el("screen").querySelectorAll("video"), page.clips, {
    state: (state, why) => playerState(page, state, why),
    time: () => page.stage.showTime(),
    notice: (kind) => page.stage.notice(kind),
  });
  page.reference = new Reference(page.player);
  page.stage = new Stage(page.player, {
    reload: () => page.player.reload(),
    next_first: () => page.flow.putOff(),
    report_unplayable: () => page.flow.report("unplayable"),
    report_silent: () => page.flow.report("no_sound"),
  });
  page.rubric = new Rubric(page.me, {
    give: (criterion, level) => page.flow.hand.levelAt(criterion, level),
    select: (criterion) => page.flow.hand.select(criterion),
    earlier: () => openEarlier(page),
    drop: () => page.flow.stopChanging(),
  });
}

function playerState(page, state, why) {
  page.stage.showState(state, why);
  if (state === "playing") page.reference.rest();
  if (FETCHES_IN.has(state) && page.player.isFed) afterPaint(page.fetchNext);
  // A video that stops may be the first sign that the node is gone.
  if (state === "stuck" || state === "broken") page.pulse.ask();
}

function openEarlier({ flow, rubric }) {
  dialogs.openDialog(W.earlier_title, earlierTable(flow.sheet.task, rubric.labels), { wide: true });
}

// --- what comes from the node ------------------------------------------------------------------

function beat(page, answer) {
  const { me, flow, waiting, work } = page;
  if (!answer) return waiting.isShown && waiting.show(page.pulse.known());
  if (page.lock.isOn) return waiting.isShown && waiting.show(page.pulse.known());
  page.kept.beat();
  if (answer.sitting_id !== openSitting(me)) return newSitting(page);
  if (answer.session_over || !answer.sitting_id) return flow.end();
  if (waiting.isShown) return wakeUp(page);
  if (work.coming.length < 2) flow.refill();
}

const openSitting = ({ sitting }) => (sitting?.state === "open" ? sitting.id : null);

async function newSitting(page) {
  Object.assign(page.me, await api.me());
  page.kept.forgetTrials();
  page.flow.last = null;
  page.chooseGroup(firstGroup(page.me, page.pulse.progress));
}

async function wakeUp({ flow, pulse, waiting, work }) {
  const goesOn = GOES_ON_ALONE.has(waiting.situation);
  const here = pulse.progress.groups.find(({ id }) => id === work.groupId);
  if (here?.open > 0) await flow.refill();
  pulse.showBlocking();
  if (goesOn && work.coming.length) flow.next();
  else if (waiting.isShown) waiting.show(pulse.known());
}

function outboxChanged({ lock, pulse }) {
  pulse?.showStates();
  lock?.send();
}

function saved({ flow, kept, pulse, waiting }) {
  kept.askSoon();
  flow.refill();
  if (waiting.isShown) pulse.ask();
}

/** Nothing that was typed is lost: it is a draft of the task when the task comes again. */
function refused(page, entry, refusal) {
  const { body, task, code } = entry;
  page.kept.forget(entry.event_id);
  if (refusal.code === "sitting_over") return page.bars.problem(W.not_accepted(code, refusal.text));
  if (refusal.code === "task_changed" && !body.revises) {
    page.work.reopen(task);
    page.drafts.put(task.id, { ...body, spentMs: body.spent_ms, active: 0, time: 0 });
    page.bars.problem(W.change_again(code, refusal.text));
  } else page.bars.problem(W.not_accepted(code, refusal.text));
  page.flow.refill();
}

function reconnect({ outbox, pulse }) {
  outbox.retryNow();
  pulse.ask();
}

function listen(page) {
  api.on("link", (isAway) => {
    if (isAway) return page.pulse.plan();
    toast(W.back_again);
    page.outbox.retryNow();
    if (page.player.state === "stuck") page.player.reload();
    page.bars.update();
    page.lock.send();
  });
  api.on("locked", () => page.lock.cover());
  api.on("signedOut", (code, text) => stop(page, code, text));
  window.addEventListener("beforeunload", (event) => {
    if (page.outbox.isStopped || !page.outbox.waiting.length) return;
    event.preventDefault();
    event.returnValue = W.leaving_loses;
  });
  window.addEventListener("pagehide", () => {
    page.flow.saveDraft();
    doNow();
  });
  setInterval(() => page.player.isFed && !api.isAway() && page.clips.fetchNext(), SECOND_MS);
  setInterval(() => page.flow.saveDraft(), DRAFT_EVERY_MS);
  listenToHands(page);
}

function unlocked({ flow, outbox, pulse }) {
  flow.comeBack();
  outbox.retryNow();
  pulse.ask();
}

function stop({ flow, kept, lock, outbox, player, pulse }, code, text) {
  flow.saveDraft();
  lock.end();
  outbox.stop();
  kept.stop();
  pulse.stop();
  player.pause();
  dialogs.openSignedOut(code, text);
}

// --- what comes from the person ----------------------------------------------------------------

function listenToHands(page) {
  const { flow } = page;
  page.menu = new dialogs.Popup(el("menu"), el("menu-button"));
  dialogs.setUpDialog();
  const commands = commandsOf(page);
  const run = (name, value) => commands[name]?.(value);
  document.addEventListener("click", ({ target }) => {
    const pressed = target.closest("[data-do]");
    if (pressed) run(pressed.dataset.do, pressed.dataset.value);
  });
  el("comment").addEventListener("input", ({ target }) => flow.hand.setComment(target.value));
  listenToKeys({ run, isModal: () => dialogs.isDialogOpen() || page.menu.isOpen || page.lock.isOn });
}

function chooseGroup(page, id) {
  remember(groupName(page.me), id);
  page.flow.chooseGroup(id);
}

function signOut({ outbox, flow, lock }) {
  const words = W.cannot_leave(outbox.waiting.length);
  if (outbox.waiting.length) return lock.isOn ? lock.answer(words) : toast(words);
  flow.saveDraft();
  el("sign-out").submit();
}

// --- preferences -------------------------------------------------------------------------------

function setLayout(page, layout) {
  prefer(page, "layout", layout);
  page.stage.zoom.home();
}

async function prefer(page, key, value) {
  page.me.preferences[key] = value;
  applyPreferences(page);
  try {
    await api.prefer(key, value);
  } catch (problem) {
    // Not remembered then; on this page it holds all the same.
    if (!(problem instanceof api.Away || problem instanceof api.Refused)) throw problem;
  }
}

function applyPreferences({ me, stage }) {
  const { layout, theme, font } = me.preferences;
  Object.assign(document.documentElement.dataset, { theme, font });
  document.body.dataset.preferred = layout;
  stage.zoom.apply();
  stage.wave.recolour();
  stage.wave.draw();
}

begin();

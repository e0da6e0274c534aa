// @ts-check
// When there is nothing to mark: what is done, what may still come, and whether people may leave.
import { chimeBox, doneOf, doneTag, laterRound } from "./dialogs.js";
import { button, el, fill, h, share, show } from "./dom.js";
import { W } from "./words.js";

/**
 * Which of the situations holds, from what is known. Pure.
 * @param {{away: boolean, progress: any, groupId: number, waitingForVideo: number}} known
 */
export function situationOf({ away, progress, groupId, waitingForVideo }) {
  if (away) return "away";
  if (!progress.sitting_id && !progress.session_over) return "no_sitting";
  if (progress.session_over) return "over";
  const here = progress.groups.find((group) => group.id === groupId);
  if (here?.open > 0 && waitingForVideo > 0) return "videos_coming";
  if (progress.groups.some((group) => group.open > 0)) return "more_groups";
  if (progress.may_leave) return "may_leave";
  return progress.groups.some((group) => doneOf(group)[1] > 0) ? "all_done" : "no_tasks";
}

export class Waiting {
  /** @param {{me: any, choose: (id: number) => void, history: () => void, prefer: any}} act */
  constructor(act) {
    this.act = act;
    this.root = el("waiting");
    this.drawn = "";
    /** @type {number | null} how many later tasks were told of; null: nobody has waited yet */
    this.laterSeen = null;
  }

  get isShown() {
    return !this.root.hidden;
  }

  hide() {
    this.drawn = "";
    this.laterSeen = null;
    document.title = W.page_title;
    show(this.root, false);
    show(el("marking"), true);
  }

  /** Drawn again only when something differs, so that the focus stays on its button. */
  show(known) {
    this.known = known;
    const situation = situationOf(known);
    this.situation = situation;
    const seen = JSON.stringify([situation, known.groupId, known.waitingForVideo, known.progress]);
    show(el("marking"), false);
    show(this.root, true);
    this.callForNewTasks(known.progress);
    if (seen === this.drawn) return;
    this.drawn = seen;
    fill(this.root, this.card(situation));
  }

  callForNewTasks(progress) {
    const later = openLater(progress.groups);
    const words = W.new_tasks_title(later, laterRound(progress.groups));
    document.title = later > 0 ? words : W.page_title;
    const isNew = this.laterSeen !== null && later > this.laterSeen;
    if (isNew && this.act.me.preferences.chime === "on") chime();
    this.laterSeen = later;
  }

  card(situation) {
    const { progress, groupId, waitingForVideo } = this.known;
    const here = progress.groups.find((group) => group.id === groupId);
    const [title, ...note] = this.words(situation, progress, here, waitingForVideo);
    const lines = [...progress.groups].sort(byNeed).map((group, place) => this.line(group, place === 0));
    return h(
      "div",
      { class: "card" },
      h("h2", {}, title),
      h("p", { class: "note" }, ...note),
      ["away", "no_sitting"].includes(situation) ? null : h("div", { class: "groups" }, ...lines),
      this.foot(),
    );
  }

  words(situation, progress, here, waitingForVideo) {
    const later = openLater(progress.groups);
    const laterWords = W.new_tasks(later, laterRound(progress.groups));
    const isDone = here?.open === 0 && doneOf(here)[1] > 0;
    const doneHere = later ? laterWords : isDone ? W.group_done(here.label) : W.new_work;
    const isLoud = this.act.me.preferences.chime === "on";
    const stay = [h("b", {}, progress.leave_text), W.stay_note(isLoud)];
    const hadLater = progress.groups.some((group) =>
      group.rounds.some(({ round, total }) => round > 2 && total > 0),
    );
    const all = {
      away: [W.all_local_done, W.all_local_done_note],
      no_sitting: [W.no_sitting, W.no_sitting_note],
      over: [W.session_over, W.session_over_note],
      videos_coming: [W.videos_coming(waitingForVideo), W.videos_coming_note],
      more_groups: [doneHere, isDone && !later ? W.group_done_note : W.new_work_note],
      no_tasks: [W.no_tasks, ...stay],
      may_leave: [W.all_done_any, h("b", {}, progress.leave_text)],
      all_done: [hadLater ? W.all_done_any : W.all_done, this.cityWords(progress.city), ...stay],
    };
    return all[situation];
  }

  /** How far the city is with what comes before this person's next tasks. */
  cityWords(city) {
    const sum = (rounds, name) => rounds.reduce((total, round) => total + round[name], 0);
    const first = city.filter(({ round }) => round <= 2);
    const isThird = first.length > 0 && first.every(({ done, total }) => done === total);
    const counted = isThird ? city.filter(({ round }) => round === 3) : first;
    const name = (isThird ? "third" : "first") + (this.act.me.account.role === "leader" ? "_leader" : "");
    return W.city_at[name](share(sum(counted, "done"), sum(counted, "total")));
  }

  line(group, isFirst) {
    const [done, total] = doneOf(group);
    const words = group.open_round3 > 0 ? W.go_later(laterRound([group])) : W.go_on;
    const act = button(words, () => this.act.choose(group.id), {
      class: isFirst ? "primary" : "",
      "data-testid": "go",
      "aria-label": `${words} ${group.label}`,
    });
    return h(
      "div",
      { class: "group-line" },
      h("b", {}, group.label),
      h("progress", {
        value: done,
        max: Math.max(total, 1),
        class: group.open ? "" : "done",
        "aria-label": group.label,
      }),
      h("span", { class: "num" }, W.of_total(done, total)),
      group.open > 0 ? act : doneTag(total),
    );
  }

  foot() {
    return h(
      "div",
      { class: "line" },
      chimeBox(this.act.me.preferences, this.act.prefer),
      button(W.try_chime, chime),
      button(W.see_history, this.act.history),
    );
  }

  /** Enter takes what is offered first. */
  accept() {
    this.root.querySelector(".primary")?.click();
  }
}

const openLater = (groups) => groups.reduce((sum, group) => sum + group.open_round3, 0);

/** Third marks first, then other open work, then what is done. */
function byNeed(a, b) {
  return b.open_round3 - a.open_round3 || Number(b.open > 0) - Number(a.open > 0);
}

let sound = null;

/** Two soft tones. Before any gesture the browser keeps silent, and nothing breaks. */
export function chime() {
  sound ??= new AudioContext();
  sound.resume();
  [660, 880].forEach((pitch, place) => {
    const start = sound.currentTime + place * 0.18;
    const [tone, loudness] = [sound.createOscillator(), sound.createGain()];
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.0001, start);
    loudness.gain.exponentialRampToValueAtTime(0.2, start + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, start + 0.35);
    tone.connect(loudness).connect(sound.destination);
    tone.start(start);
    tone.stop(start + 0.4);
  });
}

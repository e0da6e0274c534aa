// @ts-check
// 历史阅卷: what this account has marked, newest first, and the way back into a mark.
import { Away, Refused, history } from "./api.js";
import { closeDialog, openDialog } from "./dialogs.js";
import { button, clockWithSeconds, fill, h } from "./dom.js";
import { FLAGS, ROUND, W } from "./words.js";

export class History {
  /**
   * @param {any} me
   * @param {() => import("./outbox.js").Entry[]} unsent marks that are still on this PC
   * @param {(mark: any) => void} revise
   */
  constructor(me, unsent, revise) {
    this.me = me;
    this.unsent = unsent;
    this.revise = revise;
  }

  async open(groupId) {
    this.group = groupId;
    this.marks = [];
    this.table = h("div", { class: "history-table" });
    this.search = h("input", {
      type: "search",
      "aria-label": W.history_search,
      placeholder: W.history_search,
      oninput: () => this.later(),
    });
    this.flagged = h("input", { type: "checkbox", onchange: () => this.load() });
    fill(this.table, h("p", { class: "help", role: "status" }, W.history_loading));
    openDialog(W.history, [this.filters(), this.table], { wide: true });
    await this.load();
  }

  filters() {
    const groups = [{ id: 0, label: W.history_all_groups }, ...this.me.groups];
    const options = groups.map(({ id, label }) =>
      h("option", { value: id, selected: id === this.group }, label),
    );
    const choose = ({ target }) => {
      this.group = Number(target.value);
      this.load();
    };
    return h(
      "div",
      { class: "line filters" },
      h("select", { "aria-label": W.groups, onchange: choose }, ...options),
      this.search,
      h("label", { class: "line" }, this.flagged, W.history_flagged),
    );
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), 300);
  }

  /** @param {string} [before] goes on from here */
  async load(before = "") {
    const wish = {
      group: this.group,
      before,
      query: this.search.value.trim(),
      exception: this.flagged.checked,
    };
    const ask = (this.asked = (this.asked ?? 0) + 1);
    const answer = await this.ask(wish);
    if (ask !== this.asked) return;
    const kept = before ? this.marks : this.unsentRows(wish);
    const known = new Set(kept.map((mark) => mark.task.id));
    this.marks = [...kept, ...answer.marks.filter((mark) => before || !known.has(mark.task.id))];
    this.more = answer.more;
    this.problem = answer.problem;
    this.draw();
  }

  async ask(wish) {
    try {
      return await history(wish);
    } catch (problem) {
      if (problem instanceof Away) return { marks: [], more: false, problem: W.history_local };
      if (problem instanceof Refused) return { marks: [], more: false, problem: problem.text };
      throw problem;
    }
  }

  /** Only the latest version of each task's mark, like the node's own list. */
  unsentRows({ group, query, exception }) {
    const latest = new Map(this.unsent().map((entry) => [entry.task.id, entry]));
    return [...latest.values()]
      .filter((entry) => !group || entry.task.group === group)
      .filter((entry) => !exception || entry.body.exception)
      .filter((entry) => entry.code.toLowerCase().includes(query.toLowerCase()))
      .map((entry) => asMark(entry))
      .reverse();
  }

  draw() {
    const isPicked = this.flagged.checked || this.search.value.trim();
    const empty = isPicked ? W.history_none : W.history_empty;
    fill(
      this.table,
      this.problem && h("p", { class: "warn-line", role: "status" }, this.problem),
      this.marks.length ? this.rows(this.marks) : h("p", { class: "help" }, empty),
      this.more && this.moreButton(),
    );
  }

  moreButton() {
    return button(W.history_more, () => this.load(this.marks.at(-1).given_at), { "data-pick": true });
  }

  rows(marks) {
    const [time, code, round, flag, comment, state, act] = W.history_columns;
    const criteria = this.me.criteria.map((one) => W.short_criteria[one.code] ?? one.label);
    const th = (name, look = "") => h("th", { scope: "col", class: look }, name);
    const head = [th(time), th(code), th(round), ...criteria.map((name) => th(name, "num"))];
    head.push(...[flag, comment, state, act].map((name) => th(name)));
    return h(
      "table",
      { class: "list" },
      h("thead", {}, h("tr", {}, ...head)),
      h("tbody", {}, ...marks.map((mark) => this.row(mark))),
    );
  }

  row(mark) {
    const td = (content, look = "") => h("td", { class: look }, content);
    const levels = this.me.criteria.map(({ code }) => td(mark.levels?.[code] ?? "--", "num"));
    const change = button(W.change, () => this.change(mark), { "data-pick": true });
    return h(
      "tr",
      { "data-testid": "history-row" },
      td(clockWithSeconds(mark.given_at)),
      td(mark.performance),
      td(ROUND(mark.round)),
      ...levels,
      td(FLAGS[mark.exception] ?? ""),
      h("td", { title: mark.comment }, mark.comment ? W.history_has_comment : ""),
      td(W.history_states[mark.state]),
      mark.can_revise ? td(change) : td(mark.reason, "help"),
    );
  }

  change(mark) {
    closeDialog();
    this.revise(mark);
  }
}

/** What the outbox holds, in the shape of the node's list. */
export function asMark({ event_id, task, body }) {
  return {
    event_id,
    task,
    performance: task.performance,
    group: task.group,
    round: task.round,
    levels: body.levels,
    exception: body.exception,
    comment: body.comment,
    given_at: body.given_at,
    state: "waiting",
    reason: "",
    can_revise: true,
  };
}

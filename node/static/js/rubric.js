// @ts-check
// Shows a sheet: the rows with their levels, the strips above and below, the button.
import { clockWithSeconds, el, fill, h, say, set, show } from "./dom.js";
import { LEVELS } from "./work.js";
import { ROUND, W } from "./words.js";

const FITS = ["", "fit-1", "fit-2", "fit-3"];

export class Rubric {
  /**
   * @param {{criteria: {code: string, label: string}[]}} me
   * @param {{give: (criterion: string, level: number) => void, select: (criterion: string) => void,
   *   earlier: () => void, drop: () => void}} act
   */
  constructor(me, act) {
    this.labels = new Map(me.criteria.map(({ code, label }) => [code, label]));
    this.act = act;
    this.rows = el("rows");
    this.listen();
    new ResizeObserver(() => this.resized()).observe(this.rows);
  }

  listen() {
    this.rows.addEventListener("click", ({ target }) => {
      const cell = target.closest(".cell");
      const row = target.closest(".row");
      if (cell) this.act.give(row.dataset.criterion, Number(cell.dataset.level));
      else if (row) this.act.select(row.dataset.criterion);
    });
    this.rows.addEventListener("pointerover", ({ target }) => this.point(target.closest(".cell")));
    this.rows.addEventListener("pointerleave", () => this.point(null));
  }

  /** A new clip: its rows are mostly those of the clip before, and then stay as they are. */
  open(sheet, group) {
    const isAlike = group === this.group && String(sheet.criteria) === String(this.sheet?.criteria);
    this.sheet = sheet;
    this.group = group;
    this.pointed = null;
    if (!isAlike) this.drawRows();
    this.showRound();
    this.showStrip();
    this.showAgreed();
    this.update();
    if (!isAlike) this.fit();
  }

  drawRows() {
    const { criteria } = this.sheet;
    fill(this.rows, ...criteria.map((criterion) => this.row(criterion)));
    this.rows.classList.toggle("few", criteria.length < 6);
  }

  /** Also after a change of the layout, of which only the brief one has the meanings. */
  resized() {
    if (!this.sheet) return;
    this.showMeaning();
    this.fit();
  }

  row(criterion) {
    const name = `name-${criterion}`;
    const cells = LEVELS.map((level) =>
      h(
        "button",
        { type: "button", class: "cell", role: "radio", "data-level": level },
        h("b", {}, level),
        h("span", {}, this.meaning(criterion, level)),
      ),
    );
    return h(
      "div",
      { class: "row", role: "radiogroup", "aria-labelledby": name, "data-criterion": criterion },
      h(
        "div",
        { class: "name", id: name },
        this.labels.get(criterion),
        criterion === "overall" && h("small", {}, W.overall),
      ),
      ...cells,
    );
  }

  meaning(criterion, level) {
    return this.group.descriptors[criterion]?.[level] ?? "";
  }

  /** After a key: only states change, no element is made anew, so an old PC keeps up. */
  update() {
    const { sheet } = this;
    for (const row of this.rows.children) this.updateRow(row);
    this.rows.classList.toggle("off", !sheet.takesLevels);
    say(el("marked"), W.marked(sheet.criteria.length - sheet.left, sheet.criteria.length));
    this.updateFlags();
    this.updateSubmit();
    this.showMeaning();
    if (el("earlier-button")) this.updateEarlier();
  }

  updateRow(row) {
    const { sheet } = this;
    const criterion = row.dataset.criterion;
    row.classList.toggle("active", criterion === sheet.row && sheet.takesLevels && !sheet.isPast);
    const given = sheet.levels[criterion];
    row.querySelectorAll(".cell").forEach((cell, place) => {
      const isChosen = LEVELS[place] === given;
      set(cell, "aria-checked", isChosen);
      set(cell, "tabindex", isChosen || (given === undefined && place === 0) ? 0 : -1);
    });
  }

  updateFlags() {
    for (const chip of el("flags").querySelectorAll(".chip")) {
      set(chip, "aria-pressed", chip.dataset.value === this.sheet.exception);
    }
    const comment = this.sheet.comment.trim();
    say(el("comment-name"), comment ? W.comment_with(comment) : W.comment);
    el("comment-button").classList.toggle("filled", Boolean(comment));
  }

  updateSubmit() {
    const { sheet } = this;
    const button = el("submit");
    set(button, "aria-disabled", !sheet.isReady);
    say(el("submit-name"), sheet.revises ? W.save_change : W.submit);
    say(el("submit-note"), submitNote(sheet));
  }

  showRound() {
    const { round } = this.sheet.task;
    const tag = el("round-tag");
    tag.className = `tag round${round}`;
    // 0: the city does not tell rounds 1 and 2 apart.
    show(tag, round > 0);
    say(tag, ROUND(round));
  }

  showStrip() {
    const { task, revises, revisedAt } = this.sheet;
    const strip = el("strip");
    strip.className = `strip ${revises ? "changing" : `round${task.round}`}`;
    show(strip, Boolean(revises) || task.round >= 3);
    if (revises) {
      const time = clockWithSeconds(revisedAt);
      fill(strip, W.changing(task.performance, time), this.dropButton());
    } else if (task.round >= 3) fill(strip, this.roundWords(), this.earlierButton());
  }

  dropButton() {
    return h("button", { type: "button", onclick: this.act.drop }, W.drop_change, h("kbd", {}, "Esc"));
  }

  roundWords() {
    const { round, criteria } = this.sheet.task;
    const isWhole = criteria.length === this.labels.size;
    if (round === 3) return isWhole ? W.round3_whole : W.round3(criteria.length);
    return isWhole ? W.round4_whole : W.round4(criteria.length);
  }

  /** A leader forms an impression first; only then the earlier marks may be looked at. */
  earlierButton() {
    if (!this.sheet.task.earlier?.length) return null;
    const button = h(
      "button",
      { type: "button", id: "earlier-button", "data-testid": "earlier", onclick: this.act.earlier },
      W.earlier,
    );
    return h("span", { class: "line push" }, h("span", { id: "earlier-note" }, W.earlier_first), button);
  }

  updateEarlier() {
    show(el("earlier-note"), !this.sheet.isReady);
    show(el("earlier-button"), this.sheet.isReady);
  }

  showAgreed() {
    const { round, criteria } = this.sheet.task;
    const agreed = [...this.labels].filter(([code]) => !criteria.includes(code));
    show(el("agreed"), agreed.length > 0);
    const names = agreed.map(([, label]) => label).join("、");
    say(el("agreed"), round === 4 ? W.agreed4(names) : W.agreed3(names));
  }

  point(cell) {
    this.pointed = cell;
    this.showMeaning();
  }

  /** 简化展示: the four meanings of the active row, or of the one under the mouse. */
  showMeaning() {
    if (document.body.dataset.layout === "full") return;
    const { sheet, pointed } = this;
    const criterion = pointed?.closest(".row").dataset.criterion ?? sheet.row;
    const level = pointed ? Number(pointed.dataset.level) : sheet.levels[criterion];
    const words = LEVELS.map((each) =>
      h("li", { class: each === level ? "on" : "" }, h("b", {}, each), this.meaning(criterion, each)),
    );
    fill(el("meaning"), h("h2", {}, this.labels.get(criterion)), h("ul", {}, ...words));
  }

  /** Long descriptors get smaller letters, and at last a wider sheet, before any is cut off. */
  fit() {
    const { classList } = document.body;
    for (const size of FITS) {
      classList.remove(...FITS.filter(Boolean));
      if (size) classList.add(size);
      if (!this.isCut()) return;
    }
  }

  isCut() {
    const texts = [...this.rows.querySelectorAll(".cell"), el("meaning")];
    return texts.some((text) => text.scrollHeight > text.clientHeight + 1);
  }
}

function submitNote(sheet) {
  if (sheet.isReady) return sheet.exception ? W.flagged(sheet.exception) : W.all_marked;
  return W.left(sheet.left);
}

/** The earlier marks of a round-4 task, as a table without names. */
export function earlierTable(task, labels) {
  const head = [W.earlier_round, ...labels.values(), ...W.history_columns.slice(3, 5)];
  const row = (mark) => [
    ROUND(mark.round),
    ...[...labels.keys()].map((code) => mark.levels?.[code] ?? "--"),
    W.flag_name(mark.exception),
    mark.comment,
  ];
  return h(
    "table",
    { class: "list" },
    h("thead", {}, h("tr", {}, ...head.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, ...task.earlier.map((m) => h("tr", {}, ...row(m).map((cell) => h("td", {}, cell))))),
  );
}

// @ts-check
// A table that sorts by its headers, filters by text or pinyin initials, and is taken away as CSV.
//   <section data-part="table" data-name data-text-filter data-text-export data-text-none data-text-rows>
// A cell's data-value, when it has one, is what is sorted by. What was chosen outlives a refresh.
import { matches } from "./initials.js";
import { saveCsv } from "./csv.js";

/** @type {Map<string, {asked: string, column: number, up: boolean}>} */
const chosen = new Map();

export function table(box) {
  const grid = box.querySelector("table");
  if (!grid?.tBodies.length) return;
  const name = box.dataset.name ?? "";
  const choice = chosen.get(name) ?? { asked: "", column: -1, up: false };
  chosen.set(name, choice);
  const heads = leaves(grid);
  const asked = filterField(box, grid, choice);
  toolbar(box).append(asked.field, asked.rows, exportButton(box, grid));
  for (const [column, head] of heads) sortable(head, () => turn(grid, heads, choice, column));
  if (choice.column >= 0) arrange(grid, heads, choice);
  asked.apply();
  grid.addEventListener("keydown", step);
}

/** The panel's head, or a line of its own above the table. */
function toolbar(box) {
  const head = box.querySelector(".panel-head");
  if (head) return head;
  const line = document.createElement("div");
  line.className = "panel-head table-tools";
  box.prepend(line);
  return line;
}

function filterField(box, grid, choice) {
  const field = document.createElement("input");
  Object.assign(field, { type: "search", className: "input table-filter", value: choice.asked });
  field.id = `filter-${box.dataset.name}`;
  field.setAttribute("aria-label", box.dataset.textFilter ?? "");
  field.placeholder = box.dataset.textFilter ?? "";
  const rows = document.createElement("span");
  rows.className = "help table-rows";
  rows.setAttribute("role", "status");
  const apply = () => {
    choice.asked = field.value;
    const shown = [...grid.tBodies[0].rows].filter((row) => {
      row.hidden = field.value.trim() !== "" && !matches(field.value, row.textContent ?? "");
      return !row.hidden;
    });
    const words = shown.length ? box.dataset.textRows : box.dataset.textNone;
    rows.textContent = field.value.trim() ? (words ?? "").replace("{}", String(shown.length)) : "";
  };
  field.addEventListener("input", apply);
  return { field, rows, apply };
}

function exportButton(box, grid) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button is-dense" });
  button.textContent = box.dataset.textExport ?? "";
  button.addEventListener("click", () => saveCsv(grid, box.dataset.name ?? ""));
  return button;
}

/** The header cell at the foot of each column that has one of its own. */
function leaves(grid) {
  /** @type {Map<number, HTMLTableCellElement>} */
  const found = new Map();
  const rows = [...(grid.tHead?.rows ?? [])];
  const taken = rows.map(() => []);
  rows.forEach((row, line) => {
    let column = 0;
    for (const cell of row.cells) {
      while (taken[line][column]) column += 1;
      for (let down = 0; down < cell.rowSpan && line + down < rows.length; down += 1)
        for (let right = 0; right < cell.colSpan; right += 1) taken[line + down][column + right] = true;
      const isLeaf = cell.colSpan === 1 && line + cell.rowSpan >= rows.length;
      if (isLeaf && !cell.querySelector(".sr-only")) found.set(column, cell);
      column += cell.colSpan;
    }
  });
  return found;
}

function sortable(head, act) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "sort" });
  button.append(...head.childNodes);
  button.addEventListener("click", act);
  head.append(button);
}

function turn(grid, heads, choice, column) {
  const isNumber = heads.get(column)?.classList.contains("num");
  choice.up = choice.column === column ? !choice.up : !isNumber;
  choice.column = column;
  arrange(grid, heads, choice);
}

function arrange(grid, heads, choice) {
  for (const [column, head] of heads) {
    if (column === choice.column) head.setAttribute("aria-sort", choice.up ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  }
  const body = grid.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, key: key(row.cells[choice.column]) }));
  rows.sort((a, b) => compare(a.key, b.key, choice.up));
  body.append(...rows.map(({ row }) => row));
}

/** A number where the cell holds one, "" where it says that there is nothing. */
function key(cell) {
  const text = (cell?.dataset.value ?? cell?.textContent ?? "").trim();
  if (text === "" || text === "--") return "";
  const bare = text.replace(/[,%\s]/g, "");
  return /^[+-]?\d+(\.\d+)?(e-?\d+)?$/i.test(bare) ? Number(bare) : text;
}

/** What is not there comes last, whichever way. */
function compare(a, b, up) {
  if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
  const order =
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "zh-CN");
  return up ? order : -order;
}

/** Up and down from the link or button of one row to that of the next. */
function step(event) {
  const way = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const row = event.target.closest("tbody tr");
  if (!way || !row || !event.target.matches("a, button")) return;
  let next = row[way];
  while (next && (next.hidden || !next.querySelector("a, button"))) next = next[way];
  if (!next) return;
  event.preventDefault();
  next.querySelector("a, button").focus();
}

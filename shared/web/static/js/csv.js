// @ts-check
// The rows of a table that are shown, as a file that Excel opens.

const FORMULA = /^[=+\-@\t\r＝＋－＠]/;
const NUMBER = /^[+-]?[\d,]+(\.\d+)?%?$/;

/** @param {HTMLTableElement} grid @param {string} name */
export function saveCsv(grid, name) {
  const rows = [...grid.rows].filter((row) => !row.hidden);
  const lines = heads(grid).concat(
    rows.filter((row) => !row.closest("thead")).map((row) => [...row.cells].map(text))
  );
  // Excel reads the file as UTF-8 by the mark at its start.
  const content = "\ufeff" + lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "text/csv" }));
  link.download = `${name}-${stamp(new Date())}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Each header row, with a cell that spans columns said once for each of them. */
function heads(grid) {
  const rows = [...(grid.tHead?.rows ?? [])];
  const lines = rows.map(() => []);
  rows.forEach((row, line) => {
    let column = 0;
    for (const cell of row.cells) {
      while (lines[line][column] !== undefined) column += 1;
      for (let down = 0; down < cell.rowSpan && line + down < rows.length; down += 1)
        for (let right = 0; right < cell.colSpan; right += 1)
          lines[line + down][column + right] = down ? "" : text(cell);
      column += cell.colSpan;
    }
  });
  return lines;
}

function text(cell) {
  return (cell.textContent ?? "").replace(/\s+/g, " ").trim();
}

function quoted(value) {
  const safe = FORMULA.test(value) && !NUMBER.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

function stamp(moment) {
  const two = (number) => String(number).padStart(2, "0");
  return (
    `${moment.getFullYear()}${two(moment.getMonth() + 1)}${two(moment.getDate())}` +
    `-${two(moment.getHours())}${two(moment.getMinutes())}`
  );
}

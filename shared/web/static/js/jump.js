// @ts-check
// Keys of the management pages: G then a digit opens that place of the navigation, / searches.

const WAIT_MS = 1500;

export function jump(page) {
  let since = 0;
  page.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.matches("input, textarea, select, [contenteditable]")) return leave(event);
    if (event.key === "g" || event.key === "G") since = event.timeStamp;
    else if (/^[1-9]$/.test(event.key) && since && event.timeStamp - since < WAIT_MS) go(page, event);
    else if (event.key === "/") search(page, event);
    if (event.key !== "g" && event.key !== "G") since = 0;
  });
}

function go(page, event) {
  const link = page.querySelectorAll(".side a")[Number(event.key) - 1];
  if (!link) return;
  event.preventDefault();
  link.click();
}

function search(page, event) {
  const field = page.querySelector("input[type=search]");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

function leave(event) {
  if (event.key === "Escape" && event.target.matches("input[type=search]")) event.target.blur();
}

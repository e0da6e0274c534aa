// @ts-check
// A field that narrows a list while one types, by text or pinyin initials:
//   <input type="search" data-part="find" data-list="people">  <ul id="people">
import { matches } from "./initials.js";

export function find(field) {
  const apply = () => {
    for (const item of document.getElementById(field.dataset.list)?.children ?? [])
      item.hidden = field.value.trim() !== "" && !matches(field.value, item.textContent ?? "");
  };
  field.addEventListener("input", apply);
  apply();
}

// @ts-check
// The sign-in page: Enter moves on from the account, and the password can be shown.
import { mount } from "./mount.js";

/** @param {HTMLInputElement} box */
function reveal(box) {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById(box.dataset.for ?? ""));
  box.addEventListener("change", () => {
    if (field) field.type = box.checked ? "text" : "password";
  });
  // A browser must never keep it as an ordinary field.
  box.form?.addEventListener("submit", () => {
    if (field) field.type = "password";
  });
}

/** @param {HTMLInputElement} field */
function enter_moves_on(field) {
  field.addEventListener("keydown", (event) => {
    const next = /** @type {HTMLInputElement | null} */ (field.form?.elements.namedItem("password"));
    if (event.key !== "Enter" || event.isComposing || !next || next.value) return;
    event.preventDefault();
    next.focus();
  });
}

mount({ reveal, enter_moves_on });

// @ts-check
// The set-up: takes the code from a file, and says what is going on while a step works.
import { mount } from "./mount.js";

/** <input type="file" data-part="take_file" data-field="ID"> */
export function take_file(input) {
  input.addEventListener("change", async () => {
    const field = /** @type {HTMLTextAreaElement} */ (document.getElementById(input.dataset.field));
    field.value = (await input.files[0].text()).trim();
  });
}

/** <form data-part="busy" data-text-busy="…">: its button is pressed once. */
export function busy(form) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button:not([type=button])");
    button.textContent = form.dataset.textBusy;
    setTimeout(() => (button.disabled = true));
  });
}

mount({ take_file, busy });

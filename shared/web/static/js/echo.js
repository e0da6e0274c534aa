// @ts-check
// Shows what is being written as its readers will see it, and how strongly it was chosen to speak.
//   <div data-part="echo" data-field="ID" data-chosen="NAME OF A RADIO"><span data-echo>…</span></div>

export function echo(box) {
  const field = /** @type {HTMLTextAreaElement} */ (document.getElementById(box.dataset.field));
  const form = /** @type {HTMLFormElement} */ (field.form);
  const words = box.querySelector("[data-echo]");
  const empty = words.textContent;
  const show = () => {
    words.textContent = field.value.trim() || empty;
    const chosen = /** @type {RadioNodeList} */ (form.elements.namedItem(box.dataset.chosen));
    box.dataset.look = chosen.value;
  };
  form.addEventListener("input", show);
  show();
}

// @ts-check
// A button that writes its words into a field: <button data-part="fill" data-field="ID" data-words>

export function fill(button) {
  button.addEventListener("click", () => {
    const field = /** @type {HTMLTextAreaElement | null} */ (
      document.getElementById(button.dataset.field ?? "")
    );
    if (!field) return;
    field.value = button.dataset.words ?? "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}

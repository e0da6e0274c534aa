// @ts-check
// Copies the text of another element: <button data-part="copy" data-from="id" data-text-done="…">
// The clipboard API is missing on plain HTTP, so the text is selected and copied as by hand.

/** @param {HTMLButtonElement} button */
export function copy(button) {
  button.addEventListener("click", () => {
    const source = document.getElementById(button.dataset.from ?? "");
    const selection = window.getSelection();
    if (!source || !selection) return;
    selection.selectAllChildren(source);
    if (document.execCommand("copy")) button.textContent = button.dataset.textDone ?? "";
  });
}

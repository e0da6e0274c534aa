// @ts-check
// A button that prints the page: <button type="button" data-part="print">

export function print(button) {
  button.addEventListener("click", () => window.print());
}

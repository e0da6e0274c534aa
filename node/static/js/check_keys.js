// @ts-check
// Every key that marking needs is pressed once; while the quiz waits, a digit answers it.

const NAMES = { Enter: "Enter", NumpadEnter: "Enter", KeyD: "D", KeyF: "F" };

export function keys(element, tell, quiz) {
  const pressed = new Set();
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (/** @type {Element} */ (event.target).matches("input")) return;
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
    if (digit && quiz.answer(Number(digit))) return;
    const name = digit ?? NAMES[event.code];
    const place = name && element.querySelector(`[data-key="${name}"]`);
    if (!place || pressed.has(name)) return;
    pressed.add(name);
    place.classList.add("is-ok");
    tell({ keys: [...pressed] });
  });
}

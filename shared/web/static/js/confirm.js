// @ts-check
// A submit button that first says what will happen:
//   <button data-part="confirm" data-title data-text data-text-go data-text-stay data-tone>

export function confirm(button) {
  button.addEventListener("click", (event) => {
    if (!button.form?.reportValidity()) return event.preventDefault();
    event.preventDefault();
    ask(button.dataset).then((yes) => yes && button.form.requestSubmit());
  });
}

/** @param {{title?: string, text?: string, tone?: string, textGo?: string, textStay?: string}} words */
export function ask(words) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  const stay = choice(words.textStay ?? "", "no", "button");
  const go = choice(words.textGo ?? "", "yes", `button is-${words.tone ?? "primary"}`);
  const acts = block("form", "dialog-acts", "");
  acts.setAttribute("method", "dialog");
  acts.append(stay, go);
  dialog.append(block("h2", "", words.title ?? ""), block("p", "", words.text ?? ""), acts);
  document.body.append(dialog);
  dialog.showModal();
  stay.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

function choice(text, value, kind) {
  const button = block("button", kind, text);
  button.setAttribute("value", value);
  return button;
}

function block(tag, kind, text) {
  const element = document.createElement(tag);
  element.className = kind;
  element.textContent = text;
  return element;
}

// @ts-check
// HTML and JS meet here: <x data-part="name"> is handed to the function of that name, once.

/** @param {Record<string, (element: any) => void>} parts */
export function mount(parts, root = document) {
  for (const element of root.querySelectorAll("[data-part]:not([data-mounted])")) {
    const start = parts[/** @type {HTMLElement} */ (element).dataset.part ?? ""];
    if (!start) continue;
    element.setAttribute("data-mounted", "");
    start(element);
  }
}

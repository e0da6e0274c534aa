// @ts-check
// What every page with a frame mounts; a page with more of its own has its own entry.
import { mount } from "./mount.js";
import { refresh } from "./refresh.js";
import { confirm } from "./confirm.js";

const parts = { refresh, confirm };
mount(parts);
document.addEventListener("refreshed", (event) => mount(parts, /** @type {any} */ (event.target)));

// @ts-check
// What every page with a frame mounts; a page with more of its own has its own entry.
import { mount } from "./mount.js";
import { refresh } from "./refresh.js";
import { confirm } from "./confirm.js";
import { table } from "./table.js";
import { echo } from "./echo.js";
import { fill } from "./fill.js";
import { find } from "./find.js";
import { jump } from "./jump.js";
import { print } from "./print.js";

const parts = { refresh, confirm, table, echo, fill, find, print };
mount(parts);
jump(document);
document.addEventListener("refreshed", (event) => mount(parts, /** @type {any} */ (event.target)));

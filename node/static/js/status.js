// @ts-check
// The technician's page: what page.js mounts on every page, and the button that copies the address.
import { mount } from "./mount.js";
import { copy } from "./copy.js";

mount({ copy });
document.addEventListener("refreshed", (event) => mount({ copy }, /** @type {any} */ (event.target)));

"""Modules joined into one: what they mean stays, and what cannot be joined is refused."""

import pytest

from shared.web.joining import join_modules

MODULES = {
    "js/page.js": """// @ts-check
import * as dom from "./dom.js";
import { Box, make as build } from "./parts/box.js";
build(dom.find, Box);
""",
    "js/dom.js": """export const find = (id) => id;
const hidden = 1;
""",
    "js/parts/box.js": """import { find } from "../dom.js";
export class Box {}
export async function make() {
  const hidden = find("b");
}
""",
}
JOINED = """const m0 = (() => {
const find = (id) => id;
const hidden = 1;
return { find }; })();
const m1 = (() => {
const { find } = m0;
class Box {}
async function make() {
  const hidden = find("b");
}
return { Box, make }; })();
const m2 = (() => {
// @ts-check
const dom = m0;
const { Box, make: build } = m1;
build(dom.find, Box);
return {  }; })();
//# sourceMappingURL=page.js.map
"""


def test_every_module_runs_once_after_what_it_imports_with_names_of_its_own() -> None:
    assert join_modules("js/page.js", MODULES).script == JOINED


@pytest.mark.parametrize(
    "line",
    [
        'import dom from "./dom.js";',
        'import { find } from "./dom.js"; // why',
        'import "./dom.js";',
        "export default 1;",
        "export let count = 0;",
        "export { find };",
    ],
)
def test_what_cannot_be_joined_is_refused_with_its_place(line: str) -> None:
    modules = MODULES | {"js/page.js": f"const a = 1;\n{line}\n"}
    with pytest.raises(ValueError, match=r"js/page\.js:2: not a form that can be joined"):
        join_modules("js/page.js", modules)


def test_a_ring_is_refused() -> None:
    modules = MODULES | {"js/dom.js": 'import { Box } from "./parts/box.js";\n'}
    with pytest.raises(ValueError, match="in a ring"):
        join_modules("js/page.js", modules)

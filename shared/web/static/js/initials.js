// @ts-check
// Pinyin initials of Chinese text, from the browser's own collation: 王一一 is wyy.
// No dictionary travels to the labs, and names go nowhere to be looked up.

const LETTERS = "abcdefghjklmnopqrstwxyz";
const FIRSTS = "阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥扨它穵夕丫帀";
// Surnames that are read otherwise than the same character elsewhere.
const SURNAMES = { 曾: "z", 单: "s", 仇: "q", 解: "x", 查: "z", 盖: "g", 朴: "p", 区: "o", 尉: "w", 翟: "z", 缪: "m", 覃: "q", 冼: "x", 洗: "x" };
const order = new Intl.Collator("zh-Hans-CN-u-co-pinyin");

/** @param {string} text */
export function initials(text) {
  return Array.from(text.trim())
    .map((character, place) => (place === 0 && SURNAMES[character]) || initial(character))
    .join("");
}

/** @param {string} character */
function initial(character) {
  if (!/[\u4e00-\u9fff]/.test(character)) return character.toLowerCase();
  let found = 0;
  while (found + 1 < FIRSTS.length && order.compare(FIRSTS[found + 1], character) <= 0) found += 1;
  return LETTERS[found];
}

/** Whether `asked` is in the text, as it is written or by initials. */
export function matches(asked, text) {
  const wanted = asked.trim().toLowerCase();
  if (text.toLowerCase().includes(wanted)) return true;
  return /^[a-z]+$/.test(wanted) && text.split(/\s+/).some((word) => initials(word).includes(wanted));
}

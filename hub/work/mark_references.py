"""Takes in reference clips as the experts write them down: one a line, all of them or none."""

import re
from datetime import datetime

from sqlite_utils import Database

from hub.store import audit, performances, probes, references
from shared.kit.refusal import Refusal

LINES_MAX = 500
NOTE_CHARACTERS_MAX = 300
LINE = re.compile(r"(?P<code>\S+)[\s,，]+(?P<levels>[0-3][\s,，]*(?:[0-3][\s,，]*){5})(?P<note>.*)")


def mark_references(db: Database, text: str, who: str, moment: datetime) -> int:
    """How many there were. A line: code, six levels in the order of the criteria, a note."""
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise Refusal("no_lines", "请至少填写一行：作品编号、六个分值、说明。", 400)
    if len(lines) > LINES_MAX:
        raise Refusal("too_many", f"一次最多 {LINES_MAX} 行，请分几次添加。", 400)
    problems: list[str] = []
    codes: list[str] = []
    for number, line in lines:
        if problem := _take(db, line, codes, who, moment):
            problems.append(f"第 {number} 行：{problem}")
    if problems:
        raise Refusal("bad_lines", "没有保存。" + "；".join(problems[:10]) + "。", 400)
    audit.append(db, who, "references_marked", {"codes": codes}, moment)
    return len(codes)


def _take(db: Database, line: str, codes: list[str], who: str, moment: datetime) -> str:
    """What is wrong with a line, in Chinese; empty when it was taken in."""
    found = LINE.fullmatch(line)
    if found is None:
        return "应为 作品编号 六个 0 到 3 的分值 说明，如 ZX-4F0175 323332 第二乐句偏低"
    code, note = found["code"].upper(), found["note"].strip()
    if code in codes:
        return f"{code} 重复"
    if len(note) > NOTE_CHARACTERS_MAX:
        return f"说明最多 {NOTE_CHARACTERS_MAX} 个字"
    performance = performances.by_code(db, code)
    if performance is None:
        return f"没有编号为 {code} 的作品"
    if performance.video_id is None:
        return f"{code} 没有可用的视频"
    codes.append(code)
    levels = re.sub(r"\D", "", found["levels"])
    references.put(db, performance.id, levels, note, who, moment)
    probes.expect(db, performance.id, levels)
    return ""


def retire_reference(db: Database, performance_id: int, who: str, moment: datetime) -> None:
    if not references.retire(db, performance_id):
        raise Refusal("not_active", "这份标准卷已经停用。")
    audit.append(db, who, "reference_retired", {"performance": performance_id}, moment)

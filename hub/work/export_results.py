"""Exports a sitting: a row per student and item, and every mark in long form."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from sqlite_utils import Database

from hub.sheets.layout import SETTINGS
from hub.sheets.results import Cell, Counting, OutTable, Report, nobody, write_tables
from hub.store import exam, hellos, result_rows, sittings
from hub.store.result_rows import MarkRow, ResultRow
from hub.store.sittings import Sitting, SittingKind
from hub.work import recovery
from hub.work.milestones import names_left_out
from hub.work.sittings import KIND_LABELS
from shared.kit.clock import parse_stamp
from shared.kit.refusal import Refusal
from shared.rules.rubric import CRITERIA, MarkException, round_label

RESULTS, MARKS, ABOUT = "结果", "评分明细", "说明"

RESULT_HEADER = (
    *("考号", "学校", "区县", "学段", "题目", "作品编号"),
    *(criterion.label for criterion in CRITERIA),
    *(f"{criterion.label}评次" for criterion in CRITERIA),
    *("标记", "各评标记", "状态"),
)
MARK_HEADER = (
    *("作品编号", "考号", "学段", "题目", "评次", "计分状态"),
    *("账号编号", "账号尾号", "姓名", "阅卷区县", "节点"),
    *(criterion.label for criterion in CRITERIA),
    *("标记", "评语", "用时（秒）", "收看比例（%）", "提交时间", "到达时间"),
    *("评分编号", "修改自"),
)
_STATES = {"open": "评阅中", "settled": "已定", "exception": "标记确认"}
_STANDINGS = {"counted": "计入", "replaced": "已被修改", "surplus": "多余", "refused": "未采纳"}


@dataclass(frozen=True, slots=True)
class Exported:
    sitting: Sitting
    files: tuple[Path, ...]
    by_state: dict[str, int]
    """Performances by 状态."""


def export(
    db: Database,
    target: Path,
    moment: datetime,
    kind: SittingKind | None = None,
    report: Report = nobody,
) -> Exported:
    """All of it as it is in the one view of `db`, while marking may go on."""
    sitting = sitting_to_export(db, kind)
    counts: Counter[str] = Counter()
    counting = Counting(result_rows.count(db, sitting.id), report)
    tables = [
        OutTable(RESULTS, RESULT_HEADER, counting.through(_result_rows(db, sitting.id, counts))),
        OutTable(MARKS, MARK_HEADER, counting.through(_mark_rows(db, sitting.id))),
        OutTable(ABOUT, ("项目", "值"), _about_rows(db, sitting, counts, moment)),
    ]
    files = write_tables(target, tables)
    return Exported(sitting, tuple(files), dict(counts))


def sitting_to_export(db: Database, kind: SittingKind | None = None) -> Sitting:
    """Refusal while there is none, or while marks may be missing."""
    recovery.must_be_over(db, "导出结果")
    sitting = _newest(db, kind)
    _must_be_in_step(db, sitting)
    return sitting


def _must_be_in_step(db: Database, sitting: Sitting) -> None:
    if differing := sorted(set(hellos.out_of_step(db)) - names_left_out(db, sitting.id)):
        raise Refusal(
            "not_in_step",
            f"这些节点与市级中心对账不一致，暂时不能导出：{'、'.join(differing)}。"
            "请等它们重新上报，或在轮次页按名称排除。",
        )
    if sitting.state != "closed":
        # While marks come in there is no last one to compare after.
        return
    if waiting := sorted(set(hellos.not_compared_since(db)) - names_left_out(db, sitting.id)):
        raise Refusal(
            "not_compared",
            f"这些节点最后上报的评分还没有对账：{'、'.join(waiting)}。"
            "在线的节点几秒内会完成，请稍后再试；连不上的可在轮次页按名称排除。",
        )


def _newest(db: Database, kind: SittingKind | None) -> Sitting:
    """The newest that was opened; a formal one before any trial."""
    opened = [
        sitting
        for sitting in sittings.all_sittings(db)
        if sitting.state in ("open", "closed") and kind in (None, sitting.kind)
    ]
    if not opened:
        raise Refusal("nothing_to_export", "还没有可以导出的场次：阅卷尚未开始。")
    return max(opened, key=lambda sitting: (sitting.kind == "formal", sitting.id))


def _result_rows(db: Database, sitting_id: int, counts: Counter[str]) -> Iterator[tuple[Cell, ...]]:
    remarks = result_rows.remarks(db, sitting_id)
    for row in result_rows.results(db, sitting_id):
        state = _state(row)
        counts[state] += 1
        yield (
            *(row.student, row.school, row.district, row.stage.label, row.item, row.code),
            *(_number(level) for level in row.levels),
            *(_rounds(rounds) for rounds in row.rounds),
            row.exception.label if row.exception else "",
            "、".join(_remark(*remark) for remark in remarks.get(row.performance_id, ())),
            state,
        )


def _mark_rows(db: Database, sitting_id: int) -> Iterator[tuple[Cell, ...]]:
    for mark in result_rows.marks(db, sitting_id):
        yield (
            *(mark.code, mark.student, mark.stage.label, mark.item, round_label(mark.round)),
            _STANDINGS[mark.standing],
            *(mark.account_id, mark.phone[-4:], mark.name, mark.district, mark.node),
            *(mark.levels.get(criterion) for criterion in CRITERIA),
            *_remaining(mark),
        )


def _remaining(mark: MarkRow) -> tuple[Cell, ...]:
    return (
        mark.exception.label if mark.exception else "",
        mark.comment,
        round(mark.spent_ms / 1000, 1),
        mark.heard_percent,
        _local(mark.given_at),
        _local(mark.received_at),
        mark.event_id,
        mark.revises or "",
    )


def _about_rows(
    db: Database, sitting: Sitting, counts: Counter[str], moment: datetime
) -> Iterator[tuple[Cell, ...]]:
    """Read last, when the rows have been counted."""
    found = exam.exam(db)
    yield "考试", found.name if found else ""
    yield "场次", f"{KIND_LABELS[sitting.kind]}（{sitting.id}）"
    yield "导出时间", moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    yield "分配种子的摘要", sitting.seed_hash
    # An open sitting can still hand out tasks from it.
    yield "分配种子", sitting.seed if sitting.state == "closed" else "场次结束后公开"
    for state, count in sorted(counts.items()):
        yield f"作品：{state}", count
    policy = exam.policy(db)
    for setting in SETTINGS:
        yield f"规则：{setting.name}", setting.shown(policy)


def _state(row: ResultRow) -> str:
    if row.state:
        return _STATES[row.state]
    if row.is_allocated:
        return "评阅中"
    return "未分配" if row.has_video else "没有可用的视频"


def _number(level: Fraction | None) -> Cell:
    """Halves and quarters are exact as decimals."""
    if level is None:
        return None
    return int(level) if level.denominator == 1 else float(level)


def _rounds(rounds: tuple[int, ...]) -> str:
    return "、".join(str(number) for number in rounds) + "评" if rounds else ""


def _remark(round: int, exception: MarkException) -> str:
    return f"{round_label(round)}{exception.label}"


def _local(text: str) -> str:
    return parse_stamp(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")

"""Compares checked sheets with what the hub holds: what is new, what changed, what may not."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlite_utils import Database

from hub.sheets.exam_sheets import ExamSheets, GroupKey, PerformanceRow, PersonRow
from hub.sheets.findings import Findings
from hub.sheets.layout import EXAM, PEOPLE, PERFORMANCES, group_name
from hub.store import accounts, exam, performances, sittings
from hub.store.accounts import Account
from hub.store.performances import Performance
from shared.rules.rubric import Role

_NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class PerformanceChange:
    row: PerformanceRow
    held: Performance
    video_id: int | None


@dataclass(slots=True)
class Plan:
    """What an import would do; what is only in the hub stays unless removal is asked for."""

    new_people: list[PersonRow] = field(default_factory=list)
    changed_people: list[tuple[PersonRow, Account]] = field(default_factory=list)
    new_performances: list[PerformanceRow] = field(default_factory=list)
    changed_performances: list[PerformanceChange] = field(default_factory=list)
    missing_performances: list[Performance] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Held:
    """The hub's present content, in the sheets' own words."""

    districts: Mapping[int, str]
    groups: Mapping[int, GroupKey]


def plan_import(
    db: Database,
    sheets: ExamSheets,
    videos: Mapping[str, int],
    findings: Findings,
    *,
    remove_missing: bool = False,
) -> Plan:
    """Problems are added to the findings; with any of them nothing may be imported.

    `videos` names the video of each file that the media check found usable.
    """
    held = _Held(
        {district.id: district.name for district in exam.districts(db)},
        {group.id: (group.stage, group.item) for group in exam.groups(db)},
    )
    plan = Plan()
    _refuse_a_new_policy(db, sheets, findings)
    _plan_people(db, sheets, held, plan, findings)
    _plan_performances(db, sheets, held, videos, plan, findings)
    if remove_missing:
        _refuse_removals(db, plan, findings)
    _notice_what_is_missing(sheets, held, plan, remove_missing=remove_missing)
    _notice_what_came_late(db, plan)
    return plan


def _notice_what_came_late(db: Database, plan: Plan) -> None:
    sitting = sittings.open_sitting(db)
    if sitting is None:
        return
    if sitting.kind == "trial":
        if plan.new_performances:
            plan.notices.append("新增的作品不会进入正在进行的试阅")
        return
    works = len(plan.new_performances)
    works += sum(
        c.held.video_id is None and c.video_id is not None for c in plan.changed_performances
    )
    markers = sum(row.role is Role.MARKER for row in plan.new_people)
    if works or markers:
        plan.notices.append(
            f"正式阅卷已分配：新增的作品 {works} 份、阅卷教师 {markers} 名，"
            "请导入后在“轮次与分配”页补分配（或运行 supplement）"
        )


def _refuse_a_new_policy(db: Database, sheets: ExamSheets, findings: Findings) -> None:
    present = exam.exam(db)
    if present is None or present.policy == sheets.exam.policy:
        return
    for sitting in sittings.all_sittings(db):
        is_formal = sitting.kind == "formal" and sitting.state == "closed"
        if sitting.state == "open" or is_formal:
            state = "正在进行" if sitting.state == "open" else "已经结束"
            name = "正式阅卷" if sitting.kind == "formal" else "试阅"
            findings.problem(EXAM, None, "值", f"{name}{state}，规则不能再改，请恢复为原来的值")
            return


def _plan_people(
    db: Database, sheets: ExamSheets, held: _Held, plan: Plan, findings: Findings
) -> None:
    known = {account.phone: account for account in accounts.everyone(db)}
    busy = accounts.with_tasks(db)
    for row in sheets.people:
        account = known.pop(row.phone, None)
        if account is None:
            plan.new_people.append(row)
            continue
        if _is_same_person(row, account, held):
            continue
        plan.changed_people.append((row, account))
        if account.id in busy:
            _refuse_to_move(row, account, held, findings)
    if known:
        shown = "、".join(account.name for account in list(known.values())[:_NAMES_SHOWN])
        plan.notices.append(
            f"表中没有、市级中心已有的人员 {len(known)} 名，保留不变：{shown}"
            "（不再参加的请在表中写上，状态填“停用”）"
        )


def _is_same_person(row: PersonRow, account: Account, held: _Held) -> bool:
    return (
        row.name == account.name
        and row.district == held.districts[account.district_id]
        and row.role is account.role
        and row.scope is account.scope
        and row.capacity == account.capacity
        and row.state == account.state
    )


def _refuse_to_move(row: PersonRow, account: Account, held: _Held, findings: Findings) -> None:
    if row.district != held.districts[account.district_id]:
        findings.problem(PEOPLE, row.row, "区县", f"{row.name}已分配任务，不能改到另一区县")
    if row.role is not account.role:
        findings.problem(PEOPLE, row.row, "角色", f"{row.name}已分配任务，不能改角色")
    if row.scope is not account.scope:
        findings.problem(PEOPLE, row.row, "范围", f"{row.name}已分配任务，不能改范围")
    if row.state == "disabled" and account.state == "active":
        findings.warn(PEOPLE, row.row, "状态", f"{row.name}停用后，未评的任务会转给其他教师")


def _plan_performances(
    db: Database,
    sheets: ExamSheets,
    held: _Held,
    videos: Mapping[str, int],
    plan: Plan,
    findings: Findings,
) -> None:
    known = {(p.student, held.groups[p.item_group_id]): p for p in performances.every(db)}
    allocated = performances.allocated(db)
    for row in sheets.performances:
        present = known.pop((row.student, (row.stage, row.item)), None)
        if present is None:
            plan.new_performances.append(row)
            continue
        change = _changed(row, present, videos.get(row.file_name), held)
        if change is None:
            continue
        plan.changed_performances.append(change)
        if present.id in allocated:
            _refuse_to_change(change, held, findings)
    plan.missing_performances = list(known.values())
    students = {p.student: p for p in plan.missing_performances if p.id in allocated}
    for row in plan.new_performances:
        if other := students.get(row.student):
            group = group_name(held.groups[other.item_group_id][0].label, _item(other, held))
            findings.problem(
                PERFORMANCES, row.row, "题目", f"考号 {row.student} 已按“{group}”分配，不能改题组"
            )


def _item(performance: Performance, held: _Held) -> str:
    return held.groups[performance.item_group_id][1]


def _changed(
    row: PerformanceRow, present: Performance, video_id: int | None, held: _Held
) -> PerformanceChange | None:
    """A video that is known stays where this import brings no other for the same file."""
    if video_id is None and row.file_name == present.file_name:
        video_id = present.video_id
    is_same = (
        row.school == present.school
        and row.district == held.districts[present.district_id]
        and row.file_name == present.file_name
        and video_id == present.video_id
    )
    return None if is_same else PerformanceChange(row, present, video_id)


def _refuse_to_change(change: PerformanceChange, held: _Held, findings: Findings) -> None:
    row, present = change.row, change.held
    if row.district != held.districts[present.district_id]:
        findings.problem(PERFORMANCES, row.row, "区县", f"考号 {row.student} 已分配，不能改区县")
    if row.file_name != present.file_name:
        findings.problem(
            PERFORMANCES, row.row, "文件名", f"考号 {row.student} 已分配，不能换视频文件"
        )
    elif change.video_id != present.video_id:
        findings.problem(
            PERFORMANCES,
            row.row,
            "文件名",
            f"考号 {row.student} 已分配，但 {row.file_name} 的内容变了，请放回原来的文件",
        )


def _refuse_removals(db: Database, plan: Plan, findings: Findings) -> None:
    allocated = performances.allocated(db)
    for present in plan.missing_performances:
        if present.id in allocated:
            findings.problem(
                PERFORMANCES,
                None,
                "考号",
                f"考号 {present.student}（{present.code}）已分配，不能删除，请在表中补回这一行",
            )


def _notice_what_is_missing(
    sheets: ExamSheets, held: _Held, plan: Plan, *, remove_missing: bool
) -> None:
    if missing := plan.missing_performances:
        shown = "、".join(p.student for p in missing[:_NAMES_SHOWN])
        fate = "将被删除" if remove_missing else "保留不变（要删除请加 --remove-missing）"
        plan.notices.append(
            f"表中没有、市级中心已有的作品 {len(missing)} 份，{fate}。考号：{shown}"
        )
    groups = {(group.stage, group.item) for group in sheets.groups}
    for stage, item in set(held.groups.values()) - groups:
        plan.notices.append(f"题组“{group_name(stage.label, item)}”不在表中，保留不变")
    if lost := [name for name in held.districts.values() if name not in sheets.districts]:
        plan.notices.append(f"区县不在表中，保留不变：{'、'.join(lost)}")

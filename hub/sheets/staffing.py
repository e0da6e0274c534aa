"""Warns of what lets an exam be imported, but not marked: mostly people who are missing."""

from collections import Counter

from hub.sheets.exam_sheets import ExamSheets, PersonRow
from hub.sheets.findings import Findings
from hub.sheets.layout import EXAM, PEOPLE, PERFORMANCES
from shared.rules.rubric import Role, Stage

_NAMES_SHOWN = 10


def warn_about_staffing(sheets: ExamSheets, findings: Findings) -> None:
    people = [person for person in sheets.people if person.state == "active"]
    if not sheets.performances and not findings.problem_count:
        findings.warn(PERFORMANCES, None, "", "没有任何作品")
    for stage in sorted({group.stage for group in sheets.groups}):
        _warn_about_stage(stage, people, findings)
    _warn_about_leads(people, findings)
    _warn_about_items_without_works(sheets, findings)
    policy = sheets.exam.policy
    if policy.home_district == "only" and policy.placement == "spread":
        findings.warn(
            EXAM,
            None,
            "值",
            "“回避本区县”填“只评本区县”时，“1评和2评”应填“同一区县”，否则不能分配",
        )


def _warn_about_stage(stage: Stage, people: list[PersonRow], findings: Findings) -> None:
    markers = sum(p.role is Role.MARKER and p.scope is stage for p in people)
    leaders = sum(p.role is Role.LEADER and p.scope is stage for p in people)
    if markers < 3:
        findings.warn(
            PEOPLE, None, "角色", f"{stage.label}只有 {markers} 名阅卷教师，三次评分至少要 3 名"
        )
    if not leaders:
        findings.warn(PEOPLE, None, "角色", f"{stage.label}没有学科组长，4评无人可分配")


def _warn_about_leads(people: list[PersonRow], findings: Findings) -> None:
    marking = {p.district for p in people if p.role in (Role.MARKER, Role.LEADER)}
    led = {p.district for p in people if p.role is Role.LEAD}
    if without := sorted(marking - led):
        shown = "、".join(without[:_NAMES_SHOWN])
        more = f"等 {len(without)} 个区县" if len(without) > _NAMES_SHOWN else ""
        findings.warn(PEOPLE, None, "角色", f"没有学科负责人的区县：{shown}{more}")


def _warn_about_items_without_works(sheets: ExamSheets, findings: Findings) -> None:
    counts = Counter((p.stage, p.item) for p in sheets.performances)
    for group in sheets.groups:
        if sheets.performances and not counts[group.stage, group.item]:
            findings.warn(
                PERFORMANCES, None, "题目", f"{group.stage.label}音乐-{group.item}没有任何作品"
            )

"""What surrounds every page of the hub: exam, sitting, navigation, the age of the data."""

from datetime import date, datetime

from sqlite_utils import Database

from hub.pages.node_states import NodeState, look_at
from hub.store import exam, nodes, sittings
from hub.store.admins import Admin
from hub.store.sittings import Sitting
from shared.web.rendering import Frame, NavItem
from shared.web.words import clock

PLACE = "市级中控台"
KINDS = {"trial": "试阅", "formal": "正式阅卷"}
STATES = {"prepared": "待分配", "open": "进行中", "closed": "已结束", "wiped": "已清空"}


def frame(db: Database, person: Admin, here: str, moment: datetime) -> Frame:
    found, sitting = exam.exam(db), sittings.current(db)
    silent = {n.id for n in nodes.silent(db, moment)}
    seen = look_at(nodes.all_nodes(db), silent, moment)
    troubled = sum(s.state in (NodeState.OFFLINE, NodeState.BACKLOG) for s in seen)
    return Frame(
        place=PLACE,
        nav=_nav(troubled),
        here=here,
        person=person.name if person.role == "city_admin" else f"{person.name}（只看）",
        badge=badge(found, sitting, moment.astimezone().date()),
        badge_tone="warn" if sitting and sitting.kind == "trial" else "",
        link=f"数据更新于 {clock(moment)}",
        menu=[
            NavItem("/me", "我的账号"),
            NavItem("/approvals", "双人确认"),
            NavItem("/requests", "区县申请"),
        ],
        action=NavItem("/announcements", "发布公告") if person.role == "city_admin" else None,
    )


def badge(found: exam.Exam | None, sitting: Sitting | None, today: date) -> str:
    """2023全市监测 · 正式阅卷 第 1 天."""
    if found is None:
        return "尚未导入考试"
    if sitting is None:
        return f"{found.name} · 准备中"
    words = f"{found.name} · {KINDS[sitting.kind]}"
    if sitting.state != "open":
        return f"{words} {STATES[sitting.state]}"
    day = (today - date.fromisoformat(found.first_day)).days + 1
    is_within = today <= date.fromisoformat(found.last_day)
    return f"{words} 第 {day} 天" if sitting.kind == "formal" and day > 0 and is_within else words


def _nav(troubled_nodes: int) -> list[NavItem]:
    return [
        NavItem("/", "总览"),
        NavItem("/districts", "区县进度"),
        NavItem("/groups", "题组进度"),
        NavItem("/rounds", "轮次与分配"),
        NavItem("/quality", "质量监控"),
        NavItem("/forecast", "预测与试算"),
        NavItem("/problems", "问题作品"),
        NavItem("/videos", "视频"),
        NavItem("/trial", "试阅清空"),
        NavItem("/nodes", "节点", troubled_nodes),
        NavItem("/readiness", "场地就绪"),
        NavItem("/announcements", "公告"),
        NavItem("/accounts", "账号与名册"),
        NavItem("/results", "结果导出"),
        NavItem("/audit", "审计日志"),
    ]

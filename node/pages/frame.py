"""What surrounds the node's management pages: place, sitting, link to the city, navigation."""

from datetime import datetime, timedelta
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.response import Template
from sqlite_utils import Database

from node.pages.people import Person
from node.store import exam, meta
from shared.rules.rubric import Role
from shared.web.rendering import PART_HEADER, Frame, NavItem, page
from shared.web.words import duration

KINDS = {"trial": "试阅", "formal": "正式阅卷"}
STATES = {"prepared": "待开始", "open": "", "closed": "已结束", "wiped": "已清空"}
MANAGERS = (Role.LEAD, Role.TECHNICIAN)
ONLY_LEAD = ("/flags", "/quality")
ONLINE = timedelta(minutes=2)
"""Browsers at work are heard of every few seconds."""

MACHINES = (
    NavItem("/status", "运行状态"),
    NavItem("/pcs", "机房电脑"),
    NavItem("/cache", "视频缓存"),
    NavItem("/sync", "同步记录"),
    NavItem("/settings", "设置与诊断"),
)
MARKING = (
    NavItem("/progress", "按学科进度"),
    NavItem("/progress/items", "按题目进度"),
    NavItem("/progress/markers", "按评分人进度"),
    NavItem("/flags", "标记与评语"),
    NavItem("/quality", "评分质量"),
    NavItem("/accounts", "阅卷教师设置"),
    NavItem("/board", "现场看板"),
)


def frame(db: Database, state: State, person: Person, here: str, moment: datetime) -> Frame:
    sitting = exam.current_sitting(db)
    uplink = state.uplink.view()
    return Frame(
        place=_place(meta.link(db)),
        nav=_nav(person.account.role),
        here=here,
        person=f"{person.account.name} · {person.account.role.label}",
        badge=f"{KINDS[sitting.kind]}{STATES[sitting.state]}" if sitting else "准备中",
        badge_tone="warn" if sitting and sitting.kind == "trial" else "",
        link=_link(uplink, moment),
        link_tone="ok" if uplink.is_connected else "warn",
    )


def _nav(role: Role) -> list[NavItem]:
    """What is one's own comes first."""
    if role is Role.LEAD:
        return [*MARKING, *MACHINES]
    return [*MACHINES, *(item for item in MARKING if item.url not in ONLY_LEAD)]


def live_page(request: Request[Any, Any, State], name: str, /, **context: Any) -> Template:
    """The page, or to the page itself its live part alone."""
    template = f"{name}_live.html" if PART_HEADER in request.headers else f"{name}.html"
    return page(template, **context)


def _place(link: meta.Link | None) -> str:
    if link is None:
        return ""
    name = link.node_name
    return name if name.startswith(link.district) else f"{link.district} {name}"


def _link(uplink: Any, moment: datetime) -> str:
    """One short sentence about the link to the city."""
    if uplink.last_contact_at is None:
        return "尚未连上市级中心"
    ago = duration(max(0.0, (moment - uplink.last_contact_at).total_seconds()))
    return f"与市级中心同步正常，{ago}前" if uplink.is_connected else f"市级中心连不上，已 {ago}"

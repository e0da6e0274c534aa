"""What surrounds the node's management pages: place, sitting, link to the city, navigation."""

from datetime import datetime
from typing import Any

from litestar.datastructures import State
from sqlite_utils import Database

from node.pages.people import Person
from node.store import exam, meta
from shared.rules.rubric import Role
from shared.web.rendering import Frame, NavItem
from shared.web.words import duration

KINDS = {"trial": "试阅", "formal": "正式阅卷"}
STATES = {"prepared": "待开始", "open": "", "closed": "已结束", "wiped": "已清空"}
MANAGERS = (Role.LEAD, Role.TECHNICIAN)

NAV = (
    NavItem("/status", "运行状态"),
    NavItem("/progress", "进度·按学科"),
    NavItem("/progress/items", "进度·按题目"),
    NavItem("/progress/markers", "进度·按评分人"),
    NavItem("/accounts", "阅卷教师设置"),
)


def frame(db: Database, state: State, person: Person, here: str, moment: datetime) -> Frame:
    link, sitting = meta.link(db), exam.current_sitting(db)
    uplink = state.uplink.view()
    return Frame(
        place=f"{link.district if link else ''}机房服务器",
        nav=NAV,
        here=here,
        person=f"{person.account.name} · {person.account.role.label}",
        badge=f"{KINDS[sitting.kind]}{STATES[sitting.state]}" if sitting else "准备中",
        badge_tone="warn" if sitting and sitting.kind == "trial" else "",
        link=link_text(uplink, moment),
        link_tone="ok" if uplink.is_connected else "warn",
    )


def link_text(uplink: Any, moment: datetime) -> str:
    """One short sentence about the link to the city."""
    if uplink.last_contact_at is None:
        return "尚未连上市级平台"
    ago = duration((moment - uplink.last_contact_at).total_seconds())
    return f"与市级平台同步正常，{ago}前" if uplink.is_connected else f"市级平台连不上，已 {ago}"

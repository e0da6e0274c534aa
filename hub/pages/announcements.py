"""公告: write one, and see how many have read each."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from sqlite_utils import Database

from hub.pages.doors import FORM, back_to, local_moment
from hub.pages.frame import frame
from hub.pages.person import may_act
from hub.schema import EVERY_DISTRICT
from hub.store import accounts, announcements, counts, exam, planned
from hub.store.admins import Admin
from hub.store.announcements import Announcement, Strength
from hub.work.announce import TEXT_MAX, announce
from hub.work.plan_announcement import cancel, plan
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rounds import Milestone
from shared.rules.rubric import Role
from shared.web.numbers import PathWhole
from shared.web.rendering import page

HERE = "/announcements"
STRENGTHS = {
    "normal": ("普通", "横幅，知道了即消失"),
    "important": ("重要", "横幅加提示音，重新登录后再次显示"),
    "blocking": ("强制", "两份作品之间弹出，确认后才能继续"),
}
DONE = {
    "announced": "公告已发布，几秒内到达所有在线的页面。",
    "planned": "已安排，到时自动发布。",
    "cancelled": "已取消定时公告。",
}
TEMPLATES = {
    "3评已全部分配": Milestone.ROUND3_ALLOCATED.text,
    "4评已全部分配": Milestone.ROUND4_ALLOCATED.text,
    "开始阅卷": "阅卷现在开始。请戴好耳机，完整听完每一份作品后再给分。",
    "午休": "上午的阅卷到此结束，13:30 继续。离开座位前请退出登录。",
    "注意评分标准": "请再次对照评价标准评分，不要受前一份作品影响；各维度分别判断。",
    "系统维护": "市级中心将短暂维护，机房可继续阅卷，评分会自动补传，不会丢失。",
}


class AnnounceForm(msgspec.Struct, forbid_unknown_fields=True):
    text: Annotated[str, msgspec.Meta(max_length=5000)]
    strength: Strength = "normal"
    districts: list[int] | int = []
    """None: the whole city. A form with one box ticked sends no list."""
    roles: list[Role] | Role = []
    publish_at: Annotated[str, msgspec.Meta(max_length=16)] = ""
    """Local time as browsers send it, 2023-04-12T17:30; empty: at once."""

    @property
    def chosen(self) -> list[Role]:
        return [self.roles] if isinstance(self.roles, Role) else self.roles

    @property
    def places(self) -> list[int]:
        return [self.districts] if isinstance(self.districts, int) else self.districts


@dataclass(frozen=True, slots=True)
class Sent:
    announcement: Announcement
    scope: str
    audience: int
    read: int


@dataclass(frozen=True, slots=True)
class PlannedLine:
    planned: planned.Planned
    scope: str


@dataclass(frozen=True, slots=True)
class ReaderLine:
    district_id: int
    district: str
    audience: int
    read: int
    unread: tuple[str, ...]


@get(HERE, sync_to_thread=True)
def show_announcements(
    person: NamedDependency[Admin], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    return _page(store, person, note=DONE.get(done, ""))


@post(HERE, sync_to_thread=True, status_code=303)
def give_announcement(
    data: Annotated[AnnounceForm, FORM],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    try:
        with store.writing() as db:
            # One for each district, so that each is counted, called off and read by itself.
            for district_id in sorted(set(data.places)) or [EVERY_DISTRICT]:
                what = (data.text, data.strength, district_id, data.chosen)
                if data.publish_at:
                    plan(db, *what, local_moment(data.publish_at), person.name, now())
                else:
                    announce(db, *what, person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal, typed=data)
    return back_to(HERE, "planned" if data.publish_at else "announced")


@post("/announcements/{planned_id:int}/cancel", sync_to_thread=True, status_code=303)
def give_cancel(
    planned_id: PathWhole, person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Redirect:
    may_act(person)
    with store.writing() as db:
        cancel(db, planned_id, person.name, now())
    return back_to(HERE, "cancelled")


@get("/announcements/{announcement_id:int}", sync_to_thread=True)
def show_readers(
    announcement_id: PathWhole, person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Template:
    """Who has read it, district by district, and whom it has not reached."""
    with store.reading() as db:
        found = announcements.announcement(db, announcement_id)
        if found is None:
            raise Refusal("no_announcement", "没有这条公告。", 404)
        names = {d.id: d.name for d in exam.districts(db)}
        return page(
            "announcements_read.html",
            frame=frame(db, person, HERE, now()),
            said=found,
            scope=_scope(found, names),
            strength=STRENGTHS[found.strength][0],
            lines=_readers(db, found, names),
        )


def _readers(db: Database, said: Announcement, names: dict[int, str]) -> list[ReaderLine]:
    """The districts with most unread first."""
    read = announcements.readers(db, said.id)
    lines = []
    for id, name in names.items():
        own = [
            account
            for account in accounts.everyone(db)
            if account.district_id == id
            and account.state == "active"
            and said.district_id in (EVERY_DISTRICT, id)
            and (not said.roles or account.role in said.roles)
        ]
        unread = [account.name for account in own if account.id not in read]
        if own:
            lines.append(ReaderLine(id, name, len(own), len(own) - len(unread), tuple(unread)))
    return sorted(lines, key=lambda line: -len(line.unread))


def _page(
    store: Store,
    person: Admin,
    note: str = "",
    refusal: Refusal | None = None,
    typed: AnnounceForm | None = None,
) -> Template:
    with store.reading() as db:
        return page(
            "announcements.html",
            status_code=refusal.status if refusal else 200,
            frame=frame(db, person, HERE, now()),
            sent=_sent(db),
            waiting=_waiting(db),
            templates=TEMPLATES,
            districts=exam.districts(db),
            roles=list(Role),
            strengths=STRENGTHS,
            text_max=TEXT_MAX,
            may_act=person.role == "city_admin",
            note=note,
            problem=refusal.text if refusal else "",
            typed=typed or AnnounceForm(""),
        )


def _sent(db: Database) -> list[Sent]:
    names = {d.id: d.name for d in exam.districts(db)}
    read = announcements.read_counts(db)
    return [
        Sent(a, _scope(a, names), _audience(db, a), read.get(a.id, 0))
        for a in announcements.recent(db)
    ]


def _waiting(db: Database) -> list[PlannedLine]:
    names = {d.id: d.name for d in exam.districts(db)}
    return [PlannedLine(one, _scope(one, names)) for one in planned.waiting(db)]


def _scope(announcement: Announcement | planned.Planned, names: dict[int, str]) -> str:
    where = names.get(announcement.district_id, "全市")
    who = "、".join(role.label for role in announcement.roles) or "全部人员"
    return f"{where} · {who}"


def _audience(db: Database, announcement: Announcement) -> int:
    roles: tuple[Role | None, ...] = announcement.roles or (None,)
    return sum(counts.count_accounts(db, announcement.district_id, role) for role in roles)


ROUTES = [show_announcements, give_announcement, give_cancel, show_readers]

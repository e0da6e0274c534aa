"""公告: write one, and see how many have read each."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from sqlite_utils import Database

from hub.pages.doors import FORM, back_to
from hub.pages.frame import frame
from hub.pages.person import may_act
from hub.schema import EVERY_DISTRICT
from hub.store import announcements, counts, exam
from hub.store.admins import Admin
from hub.store.announcements import Announcement, Strength
from hub.work.announce import TEXT_MAX, announce
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rubric import Role
from shared.web.rendering import page

HERE = "/announcements"
STRENGTHS = {
    "normal": ("普通", "横幅，知道了即消失"),
    "important": ("重要", "横幅加提示音，重新登录后再次显示"),
    "blocking": ("强制", "两份作品之间弹出，确认后才能继续"),
}
DONE = {"announced": "公告已发布，几秒内到达所有在线的页面。"}


class AnnounceForm(msgspec.Struct, forbid_unknown_fields=True):
    text: Annotated[str, msgspec.Meta(max_length=5000)]
    strength: Strength = "normal"
    district_id: int = EVERY_DISTRICT
    roles: list[Role] | Role = []
    """A form with one box ticked sends no list."""

    @property
    def chosen(self) -> list[Role]:
        return [self.roles] if isinstance(self.roles, Role) else self.roles


@dataclass(frozen=True, slots=True)
class Sent:
    announcement: Announcement
    scope: str
    audience: int
    read: int


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
            announce(
                *(db, data.text, data.strength, data.district_id, data.chosen), person.name, now()
            )
    except Refusal as refusal:
        return _page(store, person, refusal=refusal, typed=data)
    return back_to(HERE, "announced")


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


def _scope(announcement: Announcement, names: dict[int, str]) -> str:
    where = names.get(announcement.district_id, "全市")
    who = "、".join(role.label for role in announcement.roles) or "全部人员"
    return f"{where} · {who}"


def _audience(db: Database, announcement: Announcement) -> int:
    roles: tuple[Role | None, ...] = announcement.roles or (None,)
    return sum(counts.count_accounts(db, announcement.district_id, role) for role in roles)


ROUTES = [show_announcements, give_announcement]

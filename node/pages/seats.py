"""The lab as a grid of seats: who marks where, and which PC needs a hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from node.pages.frame import ONLINE
from node.store import accounts, sessions
from node.work.site_check import CheckedPc, checked_pcs
from shared.rules.rubric import Role
from shared.rules.site import Tone


@dataclass(frozen=True, slots=True)
class Seat:
    name: str
    tone: str
    """busy | ok | warn | bad | open"""
    word: str
    teacher: str
    address: str
    checked: CheckedPc | None
    """None: somebody marks on a PC that was never checked."""

    @property
    def id(self) -> str:
        return self.checked.pc.id if self.checked else ""


@dataclass(frozen=True, slots=True)
class Teacher:
    name: str
    address: str


def teachers_online(db: Database, moment: datetime) -> list[Teacher]:
    """Those who mark; managers have no part in it."""
    online = sessions.online(db, moment - ONLINE)
    return [
        Teacher(account.name, online[account.id])
        for account in accounts.everyone(db)
        if account.id in online
        and account.state == "active"
        and account.role in (Role.MARKER, Role.LEADER)
    ]


def seats(db: Database, moment: datetime) -> list[Seat]:
    at_work: dict[str, list[str]] = {}
    for teacher in teachers_online(db, moment):
        at_work.setdefault(teacher.address, []).append(teacher.name)
    checked = checked_pcs(db)
    found = [_seat(one, at_work.get(one.pc.address, [])) for one in checked]
    known = {one.pc.address for one in checked}
    for address, names in at_work.items():
        if address not in known:
            name = address.rsplit(".", 1)[-1]
            found.append(Seat(name, "busy", "阅卷中", "、".join(names), address, None))
    return found


def _seat(one: CheckedPc, names: Sequence[str]) -> Seat:
    tone, word = _state(one, is_busy=bool(names))
    return Seat(one.pc.name, tone, word, "、".join(names), one.pc.address, one)


def _state(one: CheckedPc, *, is_busy: bool) -> tuple[str, str]:
    if one.tone in (Tone.BAD, Tone.WARN):
        return one.tone.value, one.wrong[0].short
    if is_busy:
        return "busy", "阅卷中"
    if one.tone is Tone.OK:
        return "ok", "就绪"
    if one.pc.is_to_check_again:
        return "open", "待重检"
    return "open", "没做完" if one.pc.checked_at else "未检测"


COUNTED = (
    ("ok", "就绪"),
    ("busy", "阅卷中"),
    ("warn", "建议处理"),
    ("bad", "不能阅卷"),
    ("open", "未检测"),
)


@dataclass(frozen=True, slots=True)
class Count:
    tone: str
    label: str
    number: int


def counts(found: Sequence[Seat]) -> list[Count]:
    """The legend of the grid."""
    return [Count(tone, label, sum(s.tone == tone for s in found)) for tone, label in COUNTED]


def to_do(found: Sequence[Seat]) -> list[Seat]:
    """Those that need a hand, the red ones first."""
    wrong = [seat for seat in found if seat.tone in ("bad", "warn")]
    return sorted(wrong, key=lambda seat: seat.tone != "bad")

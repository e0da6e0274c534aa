"""阅卷场地核查: the lab's PCs and its line as they were last measured, and what that means."""

from dataclasses import dataclass
from datetime import date

import msgspec
from sqlite_utils import Database

from node.store import accounts, meta, pcs
from node.store.pcs import Pc
from shared.kit.ids import is_id
from shared.rules.rubric import Role
from shared.rules.site import (
    Line,
    Measured,
    SiteFacts,
    Tone,
    judge_pc,
    judge_site,
    link_mbit_needed,
    worst,
)
from shared.wire.ready import ReadyLine, ReadyReport

LINK_KEY = "link_measured"
PC_COOKIE = "shengping_pc"
"""By which a PC is known again."""


class LinkMeasured(msgspec.Struct, frozen=True):
    mbit: float
    at: str


@dataclass(frozen=True, slots=True)
class CheckedPc:
    pc: Pc
    lines: tuple[Line, ...]

    @property
    def tone(self) -> Tone:
        return worst(self.lines)

    def is_of(self, day: date) -> bool:
        """Checked on that day to the end, and not to be checked again."""
        at = self.pc.checked_at
        is_whole = all(line.tone is not Tone.OPEN for line in self.lines)
        return at is not None and at.astimezone().date() == day and is_whole

    @property
    def wrong(self) -> list[Line]:
        """The red ones first."""
        order = (Tone.BAD, Tone.WARN)
        found = [line for line in self.lines if line.tone in order]
        return sorted(found, key=lambda line: order.index(line.tone))


def lines_of(pc: Pc) -> tuple[Line, ...]:
    """What its last check came to; all open where it is to be done again."""
    if pc.checked_at is None or pc.is_to_check_again:
        return judge_pc(Measured())
    return judge_pc(measured_of(pc))


def this_pc(db: Database, cookie: str, address: str) -> CheckedPc | None:
    """By its cookie, else by its address; None: it never checked itself."""
    found = (pcs.pc(db, cookie) if is_id(cookie) else None) or pcs.at(db, address)
    return None if found is None else CheckedPc(found, lines_of(found))


def measured_of(pc: Pc) -> Measured:
    return msgspec.json.decode(pc.measured, type=Measured)


def checked_pcs(db: Database) -> list[CheckedPc]:
    return [CheckedPc(pc, lines_of(pc)) for pc in pcs.everyone(db)]


def keep_link(db: Database, measured: LinkMeasured) -> None:
    meta.put(db, LINK_KEY, msgspec.json.encode(measured).decode())


def link_measured(db: Database) -> LinkMeasured | None:
    text = meta.get(db, LINK_KEY)
    return None if text is None else msgspec.json.decode(text, type=LinkMeasured)


def markers_here(db: Database) -> int:
    """So many sit and mark: leaders too."""
    return sum(
        account.state == "active" and account.role in (Role.MARKER, Role.LEADER)
        for account in accounts.everyone(db)
    )


def site_lines(db: Database, checked: list[CheckedPc]) -> tuple[Line, ...]:
    link = link_measured(db)
    tones = [one.tone for one in checked]
    return judge_site(SiteFacts(markers_here(db), tones, link.mbit if link else None))


def ready_report(db: Database) -> ReadyReport:
    """What the city is told of this lab; no name, no address."""
    checked = checked_pcs(db)
    lines, link, markers = site_lines(db, checked), link_measured(db), markers_here(db)
    return ReadyReport(
        tone=worst(lines),
        markers=markers,
        pcs={tone: sum(one.tone is tone for one in checked) for tone in Tone},
        link_mbit=link.mbit if link else None,
        link_mbit_needed=link_mbit_needed(markers),
        lines=[ReadyLine(one.label, one.tone, one.text, one.remedy) for one in lines],
    )

"""Prepares a hub for a rehearsal: clips, workbook, import, allocation, codes for the nodes."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlite_utils import Database

from hub import schema
from hub.rehearsal import programs
from hub.rehearsal.cast import Cast
from hub.rehearsal.clips import Picture, make_clips
from hub.rehearsal.markers import Truth
from hub.rehearsal.workbook import write_workbook
from hub.store import accounts, admins, exam, performances, sittings
from hub.work.allocate import allocate
from hub.work.enrol_node import invite
from hub.work.mark_references import mark_references
from hub.work.seed_probes import AT_ONCE, seed_probes
from hub.work.sittings import prepare
from shared.kit.clock import now
from shared.kit.passwords import hash_password
from shared.kit.store import Store
from shared.rules.rubric import CRITERIA

WHO = "演练"
NOTE = "演练专家组商定"
EXAM_NAME = "2023全市监测（演练）"
REPORT_EVERY = 20


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a rehearsal keeps its things."""

    root: Path

    @property
    def videos(self) -> Path:
        return self.root / "videos"

    @property
    def workbook(self) -> Path:
        return self.root / "exam.xlsx"

    @property
    def hub(self) -> Path:
        return self.root / "hub"

    def node(self, lab: str) -> Path:
        return self.root / f"node-{lab}"

    def open_hub(self) -> Store:
        """Only while the hub does not run."""
        return Store(self.hub / "hub.db", schema.migrations)


def make_exam(folders: Folders, cast: Cast, picture: Picture) -> None:
    """Sings the videos, writes the workbook, and imports both as a city would."""
    works = (*cast.works, *cast.models)
    show_progress("生成演唱视频", make_clips(works, folders.videos, picture), len(works))
    today = now().astimezone().date()
    write_workbook(folders.workbook, cast, EXAM_NAME, str(today), str(today + timedelta(days=1)))
    say("检查并导入考试")
    programs.run(
        *("hub", "--data", folders.hub, "import", folders.workbook),
        *("--videos", folders.videos),
    )


def open_formal_sitting(folders: Folders, cast: Cast) -> None:
    """Seals a seed, allocates rounds 1 and 2, deals in reference clips, unless that is done."""
    store = folders.open_hub()
    try:
        with store.writing() as db:
            if sittings.open_sitting(db) is None:
                sitting = prepare(db, "formal", WHO, now())
                allocate(db, sitting.id, WHO, now())
                _give_references(db, cast)
    finally:
        store.close()


def _give_references(db: Database, cast: Cast) -> None:
    """With what each singing deserves as the experts' levels."""
    if not cast.references:
        return
    codes = {p.file_name: p.code for p in performances.every(db)}
    lines = [
        f"{codes[work.file_name]} {''.join(str(work.levels[c]) for c in CRITERIA)} {NOTE}"
        for work in cast.references
    ]
    mark_references(db, "\n".join(lines), WHO, now())
    while seed_probes(db, now()) >= AT_ONCE:
        pass


def add_admin(folders: Folders, name: str, password: str) -> None:
    store = folders.open_hub()
    try:
        with store.writing() as db:
            admins.add(db, name, hash_password(password), "city_admin")
    finally:
        store.close()


def invite_nodes(folders: Folders, labs: tuple[str, ...]) -> dict[str, str]:
    """One-time codes for new nodes, by lab."""
    store = folders.open_hub()
    try:
        with store.writing() as db:
            ids = {d.name: d.id for d in exam.districts(db)}
            return {lab: invite(db, f"{lab}一号机房", ids[lab], now()) for lab in labs}
    finally:
        store.close()


def find_truth(folders: Folders, cast: Cast) -> Truth:
    by_file = {work.file_name: work for work in cast.works}
    store = folders.open_hub()
    try:
        with store.reading() as db:
            sitting = sittings.open_sitting(db)
            return Truth(
                {p.code: by_file[p.file_name] for p in performances.every(db)},
                sitting.seed if sitting else "",
                {account.phone: account.id for account in accounts.everyone(db)},
            )
    finally:
        store.close()


def show_progress(what: str, counts: Iterator[int], total: int) -> None:
    for count in counts:
        if count == total or count % REPORT_EVERY == 0:
            print(f"\r» {what} {count}/{total}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def say(text: str) -> None:
    print(f"» {text}", file=sys.stderr, flush=True)

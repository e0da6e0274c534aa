"""After a new version did not come up: the database as it was before it was changed by that."""

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from node.store import outbox
from shared.kit.files import replace
from shared.kit.store import reading_beside


def step_back(database: Path, moment: datetime) -> Path | None:
    """Puts the copy back that was made before the last migration; the newer one stays, renamed.

    Only where nothing was to be reported since: then nothing that a marker submitted is in the
    newer one alone. None where there is no such copy, or something was.
    """
    copies = sorted(
        database.parent.glob(f"{database.stem}-before-*.db"), key=lambda p: p.stat().st_mtime
    )
    if not copies or _last_seq(copies[-1]) != _last_seq(database):
        return None
    aside = database.with_name(f"{database.stem}-newer-{moment:%Y%m%d-%H%M%S}.db")
    _set_aside(database, aside)
    # At every moment a power cut finds one whole database under the name.
    part = database.with_name(f"{database.name}.part")
    shutil.copy(copies[-1], part)
    replace(part, database)
    return aside


def _last_seq(database: Path) -> int:
    with reading_beside(database) as db:
        return outbox.last_seq(db)


def _set_aside(database: Path, aside: Path) -> None:
    """A copy in one file; and what stood in the write-ahead log goes into the file itself."""
    with closing(sqlite3.connect(database)) as newer:
        with closing(sqlite3.connect(aside)) as copy:
            newer.backup(copy)
        newer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

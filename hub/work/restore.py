"""Restores the hub from a backup: the files of today are moved aside, and a new life begins."""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub import schema
from hub.settings import HubSettings
from hub.store import audit, meta
from hub.work import lives, recovery
from hub.work.reach_file import keep_reach, last_reach
from shared.kit.lock import hold
from shared.kit.refusal import Refusal
from shared.kit.store import UNREADABLE, Store, is_whole, reading_beside


@dataclass(frozen=True, slots=True)
class Restored:
    aside: Path
    """The folder with the files that were in use before."""
    awaited: list[str]


def restore(settings: HubSettings, backup: Path, moment: datetime) -> Restored:
    """Refuses before anything is touched, unless the file is a whole database of a hub."""
    with hold(settings.lock):
        _check(backup)
        aside = settings.data / f"before-restore-{moment:%Y%m%dT%H%M%S}"
        fresh = settings.database.with_name("hub.db.restoring")
        settings.data.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(backup, fresh)
        with fresh.open("rb+") as file:
            os.fsync(file.fileno())
        aside.mkdir()
        # All three together: a WAL that stays behind would be played into the new file.
        for suffix in ("", "-wal", "-shm"):
            old = settings.database.with_name(settings.database.name + suffix)
            if old.exists():
                old.rename(aside / old.name)
        fresh.rename(settings.database)
        store = Store(settings.database, schema.migrations)
        try:
            with store.writing() as db:
                seen = last_reach(settings.reach_file)
                lives.begin_again(db, lives.RESTORED, moment, seen.hub_inc if seen else "")
                audit.append(db, "命令行", "restored", {"file": backup.name}, moment)
                awaited = recovery.awaited(db)
            keep_reach(settings.reach_file, store)
        finally:
            store.close()
    return Restored(aside, awaited)


def _check(backup: Path) -> None:
    if not backup.is_file():
        raise Refusal("no_such_file", f"找不到备份文件：{backup}")
    try:
        if not is_whole(backup):
            raise Refusal("damaged", f"备份文件 {backup} 已损坏，请换一个备份。")
        with reading_beside(backup) as db:
            is_hub = meta.get(db, "hub_id") is not None
    except UNREADABLE:
        is_hub = False
    if not is_hub:
        raise Refusal("not_a_hub", f"{backup} 不是市级中心的备份。")

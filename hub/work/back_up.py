"""Backups: verified copies, the newest ones and one of each hour, also on another disk."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from hub.settings import HubSettings
from hub.store import meta
from shared.kit.store import Store

NAME = "hub-%Y%m%dT%H%M%SZ.db"
HOURS_KEPT = 48


def back_up(store: Store, settings: HubSettings, moment: datetime) -> Path:
    """On the timetable, and before anything that cannot be taken back."""
    settings.backups.mkdir(parents=True, exist_ok=True)
    newest = keep_copy(store, settings.backups, moment)
    _tidy(settings.backups, settings.backups_kept, moment)
    if folder := settings.second_backups:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{newest.name}.part"
        shutil.copyfile(newest, part)
        part.replace(folder / newest.name)
        _tidy(folder, settings.backups_kept, moment)
    return newest


def keep_copy(store: Store, folder: Path, moment: datetime) -> Path:
    """A copy that knows it is one: a hub that starts from it begins a new life.

    The nodes then offer again whatever the copy lacks.
    """
    target = folder / moment.astimezone(UTC).strftime(NAME)
    fresh = target.with_suffix(".new")
    store.backup(fresh)
    copy = Database(fresh, execute_plugins=False)
    try:
        with copy.conn:
            meta.forget_incarnation(copy)
    finally:
        copy.close()
    fresh.replace(target)
    return target


def superfluous(names: Sequence[str], kept: int, moment: datetime) -> list[str]:
    """Beyond the newest `kept` and the first of each of the last hours; other files are let be."""
    since = moment - timedelta(hours=HOURS_KEPT)
    made = {name: at for name in names if (at := _made_at(name)) is not None}
    in_order = sorted(made, key=lambda name: made[name])
    hourly: dict[str, str] = {}
    for name in in_order:
        if made[name] >= since:
            hourly.setdefault(f"{made[name]:%Y%m%d%H}", name)
    wanted = {*in_order[-kept:], *hourly.values()}
    return [name for name in in_order if name not in wanted]


def _tidy(folder: Path, kept: int, moment: datetime) -> None:
    for name in superfluous([path.name for path in folder.glob("hub-*.db")], kept, moment):
        (folder / name).unlink(missing_ok=True)


def _made_at(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, NAME).replace(tzinfo=UTC)
    except ValueError:
        return None

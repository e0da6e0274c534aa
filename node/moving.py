"""The data move to another disk between two runs of the service, or are found to be lost."""

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from node.settings import NodeSettings
from shared.kit.files import replace
from shared.kit.refusal import Refusal
from shared.kit.store import is_whole

MOVED = "node-moved-*.db"


def settle(settings: NodeSettings, moment: datetime) -> None:
    """The database is where the settings want it; Refusal where it is nowhere.

    An empty database must never take the place of one that a 还原卡, or a disk that is not
    plugged in, has taken away.
    """
    home = settings.home
    if home == settings.data:
        return
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(
            "data_away",
            f"存放数据的磁盘打不开：{home}（{error.strerror}）。请接好或修好这块磁盘，再启动服务。",
        ) from error
    if settings.database.exists():
        return
    before = settings.data / "node.db"
    if before.exists():
        _move(before, settings.database, moment)
        # What is cached is fetched again: two disks rarely hold all of it at once.
        shutil.rmtree(settings.data / "videos", ignore_errors=True)
    elif list(settings.data.glob(MOVED)):
        raise Refusal(
            "data_lost",
            f"{home} 里没有数据库了，可能被还原卡还原。请找回这个目录；"
            "确定找不回时，删除 node.toml 里的 data_folder，重新启动并用新的接入码接入。",
        )


def _move(before: Path, target: Path, moment: datetime) -> None:
    """A verified copy first; the old file stays, under another name."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(before)) as old, closing(sqlite3.connect(part)) as new:
        old.backup(new)
    if not is_whole(part):
        part.unlink()
        raise Refusal("not_moved", f"数据没有完整地复制到 {target.parent}，请检查这块磁盘。")
    replace(part, target)
    replace(before, before.with_name(f"node-moved-{moment:%Y%m%d%H%M%S}.db"))
    for suffix in ("-wal", "-shm"):
        before.with_name(before.name + suffix).unlink(missing_ok=True)

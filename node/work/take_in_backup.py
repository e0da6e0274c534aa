"""Another server of this lab has taken over: what the old one had not reported is reported here."""

import sqlite3
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from node.store import meta, outbox
from shared.kit.ids import is_id
from shared.kit.refusal import Refusal
from shared.kit.store import reading_beside

ROWS_AT_ONCE = 500
WRONG = "这个文件不是本程序的备份，或已损坏。请选择“下载备份”得到的 .db 文件。"


def take_in_backup(db: Database, path: Path, moment: datetime) -> int:
    """How many records were added; the city knows by their ids which of them it has."""
    try:
        with reading_beside(path) as old:
            _must_be_of_this_lab(db, old)
            return _take_in(db, old, moment)
    except (sqlite3.Error, KeyError, ValueError) as error:
        raise Refusal("no_backup", WRONG, 422) from error


def _must_be_of_this_lab(db: Database, old: Database) -> None:
    ours, theirs = meta.link(db), meta.link(old)
    if theirs is None:
        raise Refusal("no_backup", WRONG, 422)
    if ours is None or (ours.hub_id, ours.district) != (theirs.hub_id, theirs.district):
        raise Refusal(
            "other_lab",
            f"这个备份是 {theirs.district} {theirs.node_name} 的，不是本区县这次考试的，没有导入。",
            422,
        )


def _take_in(db: Database, old: Database, moment: datetime) -> int:
    added = after = 0
    while rows := outbox.after(old, after, ROWS_AT_ONCE):
        for row in rows:
            # Its cache is not ours.
            if row.kind == "holding" or not is_id(row.event_id):
                continue
            if outbox.of_event(db, row.event_id) is None:
                outbox.put_text(db, row.sitting_id, row.kind, row.v, row.body, row.event_id, moment)
                added += 1
        after = rows[-1].seq
    if added:
        meta.want_history(db)
    return added

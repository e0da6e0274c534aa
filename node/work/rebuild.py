"""Opens the node's database; one that is damaged is moved aside and made anew.

What the hub has comes back from the hub, what it has not from the damaged file as far as it can be
read, from the mirror, and from the browsers.
"""

import logging
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
from sqlite_utils import Database

import node.schema
from node.settings import NodeSettings
from node.store import meta, outbox
from node.work.mirror import NAME, line_of, take_in, take_in_line
from node.work.new_life import begin_new_life
from shared.kit.clock import parse_stamp, stamp
from shared.kit.files import replace
from shared.kit.ids import new_id
from shared.kit.store import UNREADABLE, Store, damage, reading_damaged

FILES = ("", "-wal", "-shm")
"""One without the others would be played into a database that it is not of."""

WORTH_SAYING = timedelta(days=1)

log = logging.getLogger(__name__)


class Identity(msgspec.Struct):
    """What a node cannot learn again from anybody, kept beside the database as well."""

    values: dict[str, str]


KEPT = (
    *("hub_url", "node_id", "node_name", "district", "hub_id", "hub_inc"),
    *("secret", "secret_before", NAME),
)
REBUILT_AT = "rebuilt_at"
"""In meta: when this database was made anew."""
BEFORE = "mirror_before"
"""In meta: the mirror's file of the database in whose place this one came."""


def open_whole(settings: NodeSettings, moment: datetime) -> Store:
    """As it is, where every page and the chain are whole; else made anew, with what was saved."""
    path = settings.database
    problem = damage(path, partial(_looked_at, settings)) if path.exists() else ""
    if not problem:
        store = Store(path, node.schema.migrations)
    else:
        log.warning("the database is damaged and is made anew: %s", problem)
        store = _rebuild(settings, moment, problem)
    _take_in_mirror(settings, store, moment)
    keep_identity(settings, store)
    return store


def keep_identity(settings: NodeSettings, store: Store) -> None:
    """Written anew only where something in it is new."""
    with store.reading() as db:
        values = {key: value for key in KEPT if (value := meta.get(db, key)) is not None}
    if "secret" not in values or values == _kept_identity(settings):
        return
    part = settings.identity.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(Identity(values)))
    part.chmod(0o600)
    replace(part, settings.identity)


def was_rebuilt(db: Database, moment: datetime) -> bool:
    """Not so long ago that nobody wants to know."""
    at = meta.get(db, REBUILT_AT)
    return at is not None and moment - parse_stamp(at) < WORTH_SAYING


def _rebuild(settings: NodeSettings, moment: datetime, problem: str) -> Store:
    aside = settings.home / f"damaged-{moment:%Y%m%dT%H%M%S}"
    aside.mkdir(parents=True, exist_ok=True)
    for suffix in FILES:
        old = settings.database.with_name(settings.database.name + suffix)
        if old.exists():
            replace(old, aside / old.name)
    store = Store(settings.database, node.schema.migrations)
    values, rows = _saved(aside / settings.database.name)
    with store.writing() as db:
        _take_identity(db, _kept_identity(settings) | values, moment)
        saved = sum(take_in_line(db, line_of(row), moment) for row in rows)
        meta.put(db, REBUILT_AT, stamp(moment))
    log.warning("%s: %s of its records were saved", problem, saved)
    return store


def _take_identity(db: Database, values: dict[str, str], moment: datetime) -> None:
    """Under the old name at the hub, in a new life: the feed begins again, and the history."""
    for key in KEPT:
        if key in values and key != NAME:
            meta.put(db, key, values[key])
    if NAME in values:
        meta.put(db, BEFORE, values[NAME])
    if "secret" in values:
        meta.put_node_inc(db, new_id(moment))
        meta.begin_snapshot(db, values["hub_inc"])
        meta.want_history(db)


def _saved(path: Path) -> tuple[dict[str, str], list[outbox.Row]]:
    """What can still be read: identity, and records whose body is proved by its hash."""
    with reading_damaged(path) as db:
        values = {key: value for key in KEPT if (value := _value(db, key)) is not None}
        is_whole_identity = {"hub_url", "node_id", "hub_id", "hub_inc", "secret"} <= values.keys()
        return values if is_whole_identity else {}, list(_rows(db))


def _value(db: Database, key: str) -> str | None:
    try:
        return meta.get(db, key)
    except UNREADABLE:
        return None


def _rows(db: Database) -> Iterator[outbox.Row]:
    """One by one: a page that cannot be read takes only its own rows with it."""
    try:
        last = outbox.last_seq(db)
    except UNREADABLE:
        return
    for seq in range(1, last + 1):
        try:
            row = outbox.whole_row(db, seq)
        except UNREADABLE:
            continue
        if row is not None:
            yield row


def _take_in_mirror(settings: NodeSettings, store: Store, moment: datetime) -> None:
    """What is in the mirror and not here was lost by this database: a WAL that was cut off, say."""
    folder = settings.mirror_folder
    if folder is None:
        return
    with store.reading() as db:
        names = [meta.get(db, NAME), meta.get(db, BEFORE)]
    for name in names:
        path = folder / name if name else None
        if path is not None and path.is_file():
            with store.writing() as db:
                if added := take_in(db, path, moment):
                    log.warning("%s records came back from the mirror", added)
                    # They tell of what was done here, and it is not: the hub has to say it again.
                    begin_new_life(db, moment)


def _kept_identity(settings: NodeSettings) -> dict[str, str]:
    try:
        return msgspec.json.decode(settings.identity.read_bytes(), type=Identity).values
    except (OSError, msgspec.DecodeError):
        return {}


def _looked_at(settings: NodeSettings, connection: sqlite3.Connection) -> str:
    """What SQLite cannot tell: that the file is another one, or that the chain is broken."""
    db = Database(connection, execute_plugins=False, strict=True)
    if "outbox" in db.table_names():
        return outbox.broken_at(db)
    return "the file is empty" if settings.identity.exists() else ""

"""Single values of the node: its identity, its link to the hub, the feed's cursor."""

from dataclasses import dataclass

from sqlite_utils import Database

from shared.kit.sealing import seal, unseal

HISTORY_DONE = "-"
DISTRICT_NODES = "district_nodes"
"""How many nodes the district has; the view task_here reads it."""


@dataclass(frozen=True, slots=True)
class Link:
    """What the node knows of its hub since it was enrolled."""

    hub_url: str
    node_id: int
    node_name: str
    district: str
    hub_id: str
    hub_inc: str
    secret: str
    feed_after: int
    secret_before: str = ""
    """A hub that was put back in time may know no later one."""


def get(db: Database, key: str) -> str | None:
    row = db.conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row["value"])


def put(db: Database, key: str, value: str) -> None:
    db.conn.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def link(db: Database) -> Link | None:
    """None: the node is not enrolled yet, or its disk came from another PC."""
    rows = db.conn.execute("SELECT key, value FROM meta")
    values = {str(row["key"]): str(row["value"]) for row in rows}
    secret = unseal(values.get("secret", ""))
    if not secret:
        return None
    return Link(
        hub_url=values["hub_url"],
        node_id=int(values["node_id"]),
        node_name=values["node_name"],
        district=values["district"],
        hub_id=values["hub_id"],
        hub_inc=values["hub_inc"],
        secret=secret,
        feed_after=int(values["feed_after"]),
        secret_before=unseal(values.get("secret_before", "")) or "",
    )


def put_link(db: Database, new: Link) -> None:
    put(db, "hub_url", new.hub_url)
    put(db, "node_id", str(new.node_id))
    put(db, "node_name", new.node_name)
    put(db, "district", new.district)
    put(db, "hub_id", new.hub_id)
    put_secret(db, new.secret, new.secret_before)
    put_cursor(db, new.hub_inc, new.feed_after)


def put_secret(db: Database, secret: str, before: str) -> None:
    put(db, "secret", seal(secret))
    put(db, "secret_before", seal(before) if before else "")


def put_cursor(db: Database, hub_inc: str, feed_after: int) -> None:
    put(db, "hub_inc", hub_inc)
    put(db, "feed_after", str(feed_after))


def begin_snapshot(db: Database, hub_inc: str) -> None:
    """The feed comes again from its beginning; what it does not name by its end is gone."""
    put(db, "snapshot", str(snapshot(db) + 1))
    put(db, "is_snapshot_open", "1")
    put_cursor(db, hub_inc, 0)


def snapshot(db: Database) -> int:
    """The number of the snapshot that is being taken over, or was last."""
    return int(get(db, "snapshot") or "0")


def end_snapshot(db: Database) -> bool:
    """Whether one was open."""
    was_open = get(db, "is_snapshot_open") == "1"
    put(db, "is_snapshot_open", "0")
    return was_open


def is_snapshot_open(db: Database) -> bool:
    return get(db, "is_snapshot_open") == "1"


def want_history(db: Database) -> None:
    """Ask the hub for every mark that it holds of this node's people."""
    put(db, "history_after", "")


def history_after(db: Database) -> str | None:
    """The last mark that came; None when nothing more is wanted."""
    after = get(db, "history_after")
    return None if after == HISTORY_DONE else after


def put_history(db: Database, after: str, *, more: bool) -> None:
    put(db, "history_after", after if more else HISTORY_DONE)


def node_inc(db: Database) -> str | None:
    """The life of this database; a new one begins where its history was rewound."""
    return get(db, "node_inc")


def put_node_inc(db: Database, fresh: str) -> None:
    put(db, "node_inc", fresh)

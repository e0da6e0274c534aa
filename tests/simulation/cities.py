"""Cities to begin with, built once for each size; and whether a node is level with its hub."""

import functools
import random
import tempfile
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sqlite_utils import Database

import node.schema
from hub.media.shelf import path_of
from hub.schema import EVERY_DISTRICT
from hub.settings import HubSettings
from hub.store import accounts, exam, feed, sittings
from hub.store import meta as hub_meta
from hub.work import recovery
from node.store import meta
from shared.rules.policy import Policy
from tests.hub.makers import a_hub
from tests.makers import a_store
from tests.simulation.disk import Files
from tests.simulation.hub import Hub
from tests.simulation.lab import Lab
from tests.simulation.loop import VirtualLoop
from tests.simulation.seams import deterministic

GROUPS = 2


@dataclass(frozen=True, slots=True)
class City:
    files: Files
    shelf: Path


_kept: list[tempfile.TemporaryDirectory[str]] = []


@functools.cache
def a_city(districts: int, works: int) -> City:
    """The exam is imported, its videos are on the shelf; no node is invited yet."""
    kept = tempfile.TemporaryDirectory(prefix="simulated-city-")
    _kept.append(kept)
    folder = Path(kept.name)
    markers = 3 if districts < 4 else 2
    # With two districts only, somebody has to mark the own one's work.
    policy = Policy(home_district="allow") if districts < 3 else Policy()
    with closing(VirtualLoop()) as loop, deterministic(loop, random.Random("city")):
        store = a_hub(
            folder, districts=districts, markers=markers, leaders=1, works=works, policy=policy
        )
        with store.writing() as db:
            for table in ("heartbeat", "holding", "node"):
                db.table(table).delete_where()
            feed.append(db, EVERY_DISTRICT, "exam", 1)
            for group in exam.groups(db):
                feed.append(db, EVERY_DISTRICT, "group", group.id)
            for account in accounts.everyone(db):
                feed.append(db, account.district_id, "account", account.id)
            for number in range(1, districts * works * GROUPS + 1):
                _put_video(db, HubSettings(folder).shelf, number)
        store.close()
    return City(Files.of(folder / "hub.db"), folder)


def _put_video(db: Database, shelf: Path, number: int) -> None:
    content = str(number).encode()
    name = sha256(content).hexdigest()
    path = path_of(shelf, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    db.conn.execute("UPDATE video SET bytes = ? WHERE sha256 = ?", (len(content), name))


@functools.cache
def an_empty_node() -> Files:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "node.db"
        a_store(path, node.schema.migrations).close()
        return Files.of(path)


def wiped(db: Database) -> set[int]:
    return {s.id for s in sittings.all_sittings(db) if s.state == "wiped"}


def behind(hub: Hub, lab: Lab) -> str:
    """What still waits on either side; empty when nothing does."""
    link = lab.look(meta.link)
    if lab.pending:
        return f"{lab.pending} events pending"
    if lab.look(meta.is_snapshot_open) or lab.look(meta.history_after) is not None:
        return "still fetches what it had"
    with hub.store.reading() as db:
        if link is None or link.hub_inc != hub_meta.hub_inc(db):
            return "in another life of the hub"
        if recovery.is_on(db):
            return f"the hub waits for {recovery.awaited(db)}"
        return "behind in the feed" if feed.after(db, lab.district, link.feed_after, 1) else ""

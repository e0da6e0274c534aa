"""Every table of the node, as migrations."""

from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from shared.kit.store import run_script

migrations = Migrations("node")

SQL = Path(__file__).parent / "sql"


@migrations()
def m001_first(db: Database) -> None:
    run_script(db, SQL / "m001_first.sql")


@migrations()
def m002_sync(db: Database) -> None:
    run_script(db, SQL / "m002_sync.sql")


@migrations()
def m020_videos(db: Database) -> None:
    run_script(db, SQL / "m020_videos.sql")


@migrations()
def m021_lock(db: Database) -> None:
    run_script(db, SQL / "m021_lock.sql")


@migrations()
def m060_attachments(db: Database) -> None:
    run_script(db, SQL / "m060_attachments.sql")


@migrations()
def m070_here(db: Database) -> None:
    run_script(db, SQL / "m070_here.sql")


@migrations()
def m085_pcs(db: Database) -> None:
    run_script(db, SQL / "m085_pcs.sql")


@migrations()
def m086_fetching(db: Database) -> None:
    run_script(db, SQL / "m086_fetching.sql")


@migrations()
def m090_probes(db: Database) -> None:
    run_script(db, SQL / "m090_probes.sql")


@migrations()
def m091_requests(db: Database) -> None:
    run_script(db, SQL / "m091_requests.sql")


SCHEMA = 91
"""The number of the newest migration."""

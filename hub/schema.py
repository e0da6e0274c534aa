"""Every table of the hub, as migrations; stays within what SQLite and PostgreSQL share."""

from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from shared.kit.store import run_script

migrations = Migrations("hub")

SQL = Path(__file__).parent / "sql"

EVERY_DISTRICT = 0
"""feed.district_id of what concerns all districts."""


@migrations()
def m001_first(db: Database) -> None:
    run_script(db, SQL / "m001_first.sql")


@migrations()
def m002_hands(db: Database) -> None:
    run_script(db, SQL / "m002_hands.sql")


@migrations()
def m002_sync(db: Database) -> None:
    run_script(db, SQL / "m002_sync.sql")


@migrations()
def m020_purge(db: Database) -> None:
    run_script(db, SQL / "m020_purge.sql")


@migrations()
def m021_media(db: Database) -> None:
    run_script(db, SQL / "m021_media.sql")


@migrations()
def m030_people(db: Database) -> None:
    run_script(db, SQL / "m030_people.sql")


@migrations()
def m040_corrections(db: Database) -> None:
    run_script(db, SQL / "m040_corrections.sql")


@migrations()
def m050_fresh_comparison(db: Database) -> None:
    run_script(db, SQL / "m050_fresh_comparison.sql")


@migrations()
def m051_check_digits(db: Database) -> None:
    run_script(db, SQL / "m051_check_digits.sql")


@migrations()
def m060_attachments(db: Database) -> None:
    run_script(db, SQL / "m060_attachments.sql")


@migrations()
def m070_supplement(db: Database) -> None:
    run_script(db, SQL / "m070_supplement.sql")


@migrations()
def m071_audit_salt(db: Database) -> None:
    run_script(db, SQL / "m071_audit_salt.sql")


@migrations()
def m085_readiness(db: Database) -> None:
    run_script(db, SQL / "m085_readiness.sql")


@migrations()
def m090_probes(db: Database) -> None:
    run_script(db, SQL / "m090_probes.sql")


@migrations()
def m091_requests(db: Database) -> None:
    run_script(db, SQL / "m091_requests.sql")


@migrations()
def m092_task_index(db: Database) -> None:
    run_script(db, SQL / "m092_task_index.sql")


SCHEMA = 92
"""The number of the newest migration."""

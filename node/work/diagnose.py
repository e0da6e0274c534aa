"""诊断包: all that a developer needs to help a lab, and nothing of a person."""

import io
import platform
import sqlite3
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlite_utils import Database

from node.store import accounts, exchanges, meta, outbox, pcs, videos
from shared.kit.clock import stamp
from shared.kit.log import discreet
from shared.rules.site import browser_of

LOG_BYTES_MAX = 2_000_000
LOGS_MAX = 3


def bundle(
    db: Database, folder: Path, settings_text: str, doctor: str, facts: dict[str, Any], at: datetime
) -> bytes:
    """A zip; `folder` is where the logs are, `facts` what the running program says of itself."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("state.json", _json(_state(db, facts, at)))
        file.writestr("doctor.txt", discreet_lines(doctor or "还没有体检过。"))
        file.writestr("node.toml", settings_text)
        file.writestr("exchanges.json", _json([asdict(e) for e in exchanges.recent(db, 200)]))
        file.writestr("pcs.json", _json(_pcs(db)))
        for path in sorted(folder.glob("*.log*"))[:LOGS_MAX]:
            file.writestr(f"logs/{path.name}", discreet_lines(_tail(path), names=_names(db)))
    return buffer.getvalue()


def discreet_lines(text: str, names: Sequence[str] = ()) -> str:
    """Phones masked, names out; the log holds none, but an error message may quote one."""
    for name in names:
        text = text.replace(name, "某人")
    return "\n".join(discreet(line) for line in text.splitlines())


def _state(db: Database, facts: dict[str, Any], at: datetime) -> dict[str, Any]:
    link = meta.link(db)
    held = videos.totals(db)
    return facts | {
        "at": stamp(at),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "node": link.node_name if link else None,
        "district": link.district if link else None,
        "hub_url": link.hub_url if link else None,
        "node_inc": meta.node_inc(db),
        "pending": outbox.pending_by_kind(db),
        "last_seq": outbox.last_seq(db),
        "acked_seq": outbox.acked_seq(db),
        "videos": asdict(held),
    }


def _pcs(db: Database) -> list[dict[str, Any]]:
    return [
        {
            "seat": pc.name,
            "address": pc.address,
            "browser": browser_of(pc.agent).name,
            "measured": msgspec.json.decode(pc.measured),
            "checked_at": stamp(pc.checked_at) if pc.checked_at else None,
        }
        for pc in pcs.everyone(db)
    ]


def _names(db: Database) -> list[str]:
    return [account.name for account in accounts.everyone(db) if len(account.name) > 1]


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - LOG_BYTES_MAX))
        return file.read().decode("utf-8", errors="replace")


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1)

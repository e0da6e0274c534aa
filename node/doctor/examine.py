"""Everything that is looked at, in the order in which a technician would."""

import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx

from node.doctor import rules
from node.doctor.findings import Finding
from node.machine import canary
from node.machine.here import here
from node.settings import NodeSettings
from node.store import meta, videos
from node.uplink.look import HubLook, HubState, look_at
from shared.kit.clock import now
from shared.kit.files import remove, replace
from shared.kit.store import UNREADABLE, reading_beside

LOCAL = ("127.0.0.1", "localhost", "::1")
ANY = ("0.0.0.0", "::")


def examine(settings: NodeSettings) -> list[Finding]:
    """Takes up to half a minute; the service may run, or not. It changes nothing but its own
    trace in the data folder.
    """
    return list(examination(settings))


def examination(settings: NodeSettings) -> Iterator[Finding]:
    """One finding after the other, for a page or a terminal that shows how far it is."""
    yield rules.port(settings.port, port_use(settings))
    is_local = settings.host in LOCAL
    is_open = None if is_local else here.firewall_is_open(settings.port)
    yield rules.firewall(is_open, settings.port, is_loopback=is_local)
    data = settings.home.resolve()
    problem = write_problem(data)
    yield rules.rights(str(data), problem)
    if not problem:
        yield from _of_the_folder(settings, data)
    yield rules.antivirus(here.antivirus_programs(), program_folder(), str(data))
    yield rules.sqlite(sqlite3.sqlite_version_info, damage(settings.database))
    seen = hub_look(settings)
    found = (rules.hub(seen), rules.certificate(seen), rules.clock(seen.ahead))
    yield from (f for f in found if f is not None)
    yield rules.sleep(here.sleeps_after_min(), here.STAY_AWAKE)
    starts = rules.autostart(here.starts_by_itself())
    if starts is not None:
        yield starts


def _of_the_folder(settings: NodeSettings, data: Path) -> Iterator[Finding]:
    private = rules.secrecy(here.is_private(data))
    if private is not None:
        yield private
    free = shutil.disk_usage(data).free
    needed, reserve = bytes_to_fetch(settings), settings.disk_reserve_bytes
    yield rules.disk(rules.Disk(here.disk_kind(data), free, needed, reserve))
    boot = here.boot_id()
    canary.sing(data, boot, now())
    yield rules.restore(canary.boots_survived(data, boot), here.restore_programs())


def program_folder() -> str:
    return str(Path(sys.executable).resolve().parent)


def port_use(settings: NodeSettings) -> rules.PortUse:
    host = "127.0.0.1" if settings.host in ANY else settings.host
    try:
        url = f"http://{host}:{settings.port}/health"
        health = httpx.get(url, timeout=5, trust_env=False).json()
        return rules.PortUse.OURS if "is_enrolled" in health else rules.PortUse.OTHER
    except httpx.ConnectError:
        return rules.PortUse.FREE if can_bind(settings.host, settings.port) else rules.PortUse.OTHER
    except (httpx.HTTPError, ValueError, TypeError):
        return rules.PortUse.OTHER


def can_bind(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def write_problem(data: Path) -> str:
    """What goes wrong when a file is written, put on the disk, renamed and removed there."""
    first, second = data / "doctor-probe.part", data / "doctor-probe"
    try:
        data.mkdir(parents=True, exist_ok=True)
        with first.open("wb") as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
        replace(first, second)
        if not remove(second):
            return "文件被别的程序（多半是杀毒软件）占住，删不掉"
    except OSError as error:
        return error.strerror or str(error)
    return ""


def bytes_to_fetch(settings: NodeSettings) -> int:
    if not settings.database.exists():
        return 0
    try:
        with reading_beside(settings.database) as db:
            held = videos.totals(db)
    except UNREADABLE:
        return 0
    return held.bytes - held.bytes_ready


def damage(database: Path) -> str:
    """In SQLite's words; empty: whole, or there is none yet."""
    if not database.exists():
        return ""
    uri = f"{database.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=15)) as connection:
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except UNREADABLE as error:
        return str(error)
    return "" if said == "ok" else said


def hub_look(settings: NodeSettings) -> HubLook:
    link = None
    if settings.database.exists():
        try:
            with reading_beside(settings.database) as db:
                link = meta.link(db)
        except UNREADABLE:
            link = None
    return HubLook(HubState.NOT_ENROLLED) if link is None else look_at(link.hub_url)

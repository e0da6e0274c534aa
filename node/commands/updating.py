"""Changes over to a new version, out of a zip whose hash the hub knows."""

import asyncio
import sys
import time
from pathlib import Path

import httpx

from node import launched
from node.launcher.home import Home
from node.machine.updating import add_version, change_over, refuse_older
from node.settings import NodeSettings
from node.store import meta
from node.uplink.answers import Outage
from node.uplink.updates import ask_for_releases
from node.work.at_work import marking_now
from shared.kit.clock import now
from shared.kit.files import sha256_of
from shared.kit.lan import LOCAL
from shared.kit.refusal import Refusal
from shared.kit.store import reading_beside

UP_S_MAX = 180.0


def update(settings: NodeSettings, archive: Path | None, sha256: str, *, force: bool) -> int:
    place = launched.home()
    if place is None or archive is None:
        raise Refusal(
            "not_a_program", "用法：在安装好的程序目录里运行 shengping-node update 新版本.zip。"
        )
    if not force:
        refuse_while_marking(settings)
    believe(settings, archive, sha256.strip().lower())
    home = Home(place)
    before = home.pointer().current
    version = add_version(home, archive)
    refuse_older(home, version)
    if version == before:
        print(f"已经是 {version}，不用更新。")
        return 0
    print(f"版本 {version} 已就位，正在换用……", flush=True)
    was_running = _version_running(settings) is not None
    change_over(home, version)
    if not was_running:
        print(f"服务没有在运行，下次启动时换用 {version}。")
        return 0
    return _wait_for(settings, home, version, before)


def refuse_while_marking(settings: NodeSettings) -> None:
    if not settings.database.exists():
        return
    with reading_beside(settings.database) as db:
        marking = marking_now(db, now())
    if marking:
        raise Refusal(
            "marking",
            f"有 {marking} 人正在阅卷，现在更新会打断他们。请在休息时再更新；"
            "一定要现在更新，加 --force（已保存的评分不受影响）。",
        )


def believe(settings: NodeSettings, archive: Path, sha256: str) -> None:
    """Only what the city has published is run: by the hub's signed list, or by the given hash."""
    found = sha256_of(archive)
    if sha256:
        if found != sha256:
            raise Refusal(
                "hash_differs",
                f"{archive.name} 的 sha256 与填写的不一致，不要使用。它是 {found}。",
            )
        return
    try:
        published = _published(settings)
    except Outage as outage:
        raise Refusal(
            "hub_away", f"无法向市级中心核对（{outage.text}）。请用 --sha256 填写市级公布的值。"
        ) from outage
    if found not in published:
        raise Refusal(
            "not_published",
            f"{archive.name} 不在市级中心公布的程序包之列，不要使用。它的 sha256 是 {found}。",
        )


def _published(settings: NodeSettings) -> set[str]:
    link = None
    if settings.database.exists():
        with reading_beside(settings.database) as db:
            link = meta.link(db)
    if link is None:
        raise Outage("还没有接入市级中心")
    return {release.sha256 for release in asyncio.run(ask_for_releases(link))}


def _wait_for(settings: NodeSettings, home: Home, version: str, before: str) -> int:
    deadline = time.monotonic() + UP_S_MAX
    while time.monotonic() < deadline:
        time.sleep(0.5)
        if home.pointer().current == before:
            print(f"{version} 没有正常启动，已自动退回 {before}，数据没有变化。", file=sys.stderr)
            return 1
        if _version_running(settings) == version and home.pointer().proven == version:
            home.prune()
            print(f"更新完成，正在运行 {version}。")
            return 0
    print("没有等到新版本的应答，请运行 shengping-node doctor。", file=sys.stderr)
    return 1


def _version_running(settings: NodeSettings) -> str | None:
    host = LOCAL.get(settings.host, settings.host)
    try:
        url = f"http://{host}:{settings.port}/health"
        return str(httpx.get(url, timeout=5, trust_env=False).json()["version"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None

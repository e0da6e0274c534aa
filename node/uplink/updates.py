"""New versions of this program: which the city has published, fetching one, changing over to it."""

import asyncio
import json
import logging
import platform
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from node.launcher.home import Home, in_order
from node.machine.updating import add_version, change_over, refuse_older
from node.store import meta
from node.uplink.answers import Missing, Outage
from node.uplink.backoff import Backoff
from node.uplink.client import HubClient, Identity
from node.uplink.clock import HubClock
from node.uplink.http import MakeHttp, make_http
from node.uplink.state import finish
from node.uplink.uplink import Uplink
from node.videos.cache import Cache, WrongContent
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire.releases import Release, platform_name

NOTE = "last.json"
PLATFORM = platform_name(sys.platform, platform.machine())

log = logging.getLogger(__name__)


async def ask_for_releases(link: meta.Link, make_http: MakeHttp = make_http) -> list[Release]:
    """Outage where the hub does not say it, signed."""
    async with make_http(link.hub_url) as http:
        client = HubClient(http, _identity(link), HubClock())
        return (await client.releases()).releases


class Stage(StrEnum):
    IDLE = "idle"
    FETCHING = "fetching"
    CHANGING = "changing"
    """The launcher is about to end this version."""


@dataclass(frozen=True, slots=True)
class UpdateView:
    stage: Stage
    version: str
    """The newest that is published and newer than this one; empty: none is."""
    bytes: int
    bytes_here: int
    problem: str
    """Chinese; empty while all is well."""
    came_to: str
    """The version that this one took the place of: the last update went well."""
    gave_way: str
    """The version that did not come up and gave way to this one again."""


class Updates:
    """Of a program that a launcher has started; `home` is the launcher's folder."""

    def __init__(
        self,
        store: Store,
        uplink: Uplink,
        folder: Path,
        home: Home,
        running: str,
        make_http: MakeHttp = make_http,
    ) -> None:
        self._store, self._uplink, self._make_http = store, uplink, make_http
        self._home, self._running = home, running
        self._cache = Cache(folder, 0, ".zip")
        self._note = folder / NOTE
        self._stage, self._problem = Stage.IDLE, ""
        self._newest: Release | None = None
        self._working: asyncio.Task[None] | None = None
        self._came_to = self._gave_way = ""
        self._look_back()

    def view(self) -> UpdateView:
        """From any thread."""
        newest = self._newest
        return UpdateView(
            stage=self._stage,
            version=".".join(map(str, newest.version)) if newest else "",
            bytes=newest.bytes if newest else 0,
            bytes_here=self._cache.part_bytes(newest.sha256) if newest else 0,
            problem=self._problem,
            came_to=self._came_to,
            gave_way=self._gave_way,
        )

    async def look(self) -> None:
        """Asks the city; while it does not answer, what it said before stays."""
        link = await finish(self._link)
        if link is None or self._stage is not Stage.IDLE:
            return
        try:
            listed = await ask_for_releases(link, self._make_http)
        except Outage:
            return
        running = in_order(self._running)
        newer = [r for r in listed if r.bytes and r.is_for(PLATFORM) and r.version > running]
        # Of two with one number the one that was published last.
        self._newest = max(reversed(newer), key=lambda release: release.version, default=None)

    def begin(self) -> None:
        """On the event loop; while one is under way, nothing new begins."""
        if self._newest is not None and self._stage is Stage.IDLE:
            self._stage, self._problem = Stage.FETCHING, ""
            self._working = asyncio.create_task(self._update(self._newest), name="update")

    async def stop(self) -> None:
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    async def _update(self, release: Release) -> None:
        try:
            await finish(self._cache.drop_parts, {release.sha256})
            await self._fetch(release)
            self._stage, self._problem = Stage.CHANGING, ""
            await finish(self._change_over, release)
            return
        except Refusal as refusal:
            self._problem = refusal.text
        except WrongContent:
            self._problem = "下载的程序包与市级公布的不一致，已删除。请重试；仍不行请联系市级中心。"
        except Missing:
            self._problem = "市级中心没有这个程序包了，请联系市级中心。"
        except OSError as error:
            self._problem = (
                f"写不进程序目录 {self._home.folder}（{error.strerror}）。"
                "请清理磁盘；没有权限时，以管理员身份运行一次 shengping-node install。"
            )
        log.warning("the update to %s failed: %s", release.name, self._problem)
        self._stage = Stage.IDLE

    async def _fetch(self, release: Release) -> None:
        """Over outages, from where it stopped."""
        backoff = Backoff()
        while True:
            link = await finish(self._link)
            if link is None:
                raise Refusal("not_enrolled", "本机还没有接入市级中心。")
            try:
                async with self._make_http(link.hub_url) as http:
                    client = HubClient(http, _identity(link), HubClock())
                    await self._uplink.fetcher(self._cache, client.release).fetch(release)
                    return
            except Outage as outage:
                self._problem = outage.text
                await asyncio.sleep(backoff.next_s(outage.retry_after_s))

    def _change_over(self, release: Release) -> None:
        version = add_version(self._home, self._cache.path(release.sha256))
        refuse_older(self._home, version)
        self._note.write_text(json.dumps({"from": self._running, "to": version}), "utf-8")
        self._cache.clear()
        log.info("version %s is there: the launcher changes over to it", version)
        change_over(self._home, version)

    def _look_back(self) -> None:
        """How the last update ended, if it was begun on the page."""
        try:
            note = json.loads(self._note.read_text("utf-8"))
            before, after = str(note["from"]), str(note["to"])
        except (OSError, ValueError, KeyError, TypeError):
            return
        if after == self._running:
            self._came_to = after
            self._home.prune()
        elif before == self._running and self._home.pointer().current == before:
            self._gave_way = after

    def _link(self) -> meta.Link | None:
        with self._store.reading() as db:
            return meta.link(db)


def _identity(link: meta.Link) -> Identity:
    return Identity(link.node_id, link.secret, link.secret_before)

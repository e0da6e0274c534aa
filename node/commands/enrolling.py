"""Joins this node to a hub with a one-time code."""

import asyncio
from pathlib import Path

from node.settings import NodeSettings
from node.uplink.uplink import Uplink
from node.videos.cache import Cache
from node.work.mirror import take_in
from node.work.rebuild import keep_identity, open_whole
from shared import __version__
from shared.kit import lock
from shared.kit.clock import now
from shared.wire.check import check_digits


def enrol(settings: NodeSettings, hub_url: str, code: str, mirror: Path | None) -> int:
    with lock.hold(settings.lock):
        store = open_whole(settings, now())
        try:
            cache = Cache(settings.cache, settings.cache_bytes_max)
            uplink = Uplink(store, cache, settings, __version__)
            link = asyncio.run(uplink.enrol(hub_url, code))
            keep_identity(settings, store)
            if mirror is not None:
                with store.writing() as db:
                    print(f"从镜像文件取回 {take_in(db, mirror, now())} 条记录，运行后重新上报。")
        finally:
            store.close()
    print(f"接入成功：{link.district}，{link.node_name}。现在可以运行服务（shengping-node run）。")
    print(f"核对码：{check_digits(link.secret)}。市级要求确认时，请打电话念给市级管理员。")
    return 0

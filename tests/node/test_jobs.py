"""The node's timetable."""

import asyncio
from pathlib import Path

from node.jobs import timetable
from node.settings import NodeSettings
from node.uplink.uplink import Uplink
from node.videos.cache import Cache
from shared import __version__
from tests.makers import a_node_store


def test_the_timetable_keeps_the_wal_small(tmp_path: Path) -> None:
    store = a_node_store(tmp_path)
    uplink = Uplink(store, Cache(tmp_path, 0), NodeSettings(tmp_path), __version__)
    [job] = [j for j in timetable(uplink, store).get_jobs() if store.checkpoint in j.args]
    asyncio.run(job.func(*job.args))
    assert Path(f"{store.path}-wal").stat().st_size == 0
    store.close()

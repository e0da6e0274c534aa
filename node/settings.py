"""What a technician may set on a node: node.toml in the data folder, environment, flags."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time
from pathlib import Path

from node.bandwidth import mbit_at, parse_plan
from node.settings_file import Value, write
from shared.kit.refusal import Refusal
from shared.kit.settings import load

ENV_PREFIX = "SHENGPING_NODE_"
FILE_NAME = "node.toml"
DAILY_CHECKS = ("must", "may_skip", "off")


@dataclass(frozen=True, slots=True)
class NodeSettings:
    data: Path = Path("data/node")
    host: str = "0.0.0.0"
    port: int = 8080
    bandwidth_mbit: float = 240.0
    """What fetching videos may take of the link; 0: all of it."""
    bandwidth_hours: str = ""
    """Other values for some hours of the day: 08:30-12:00 100, 13:30-17:30 100."""
    video_parallel: int = 3
    cache_bytes_max: int = 0
    """How much the cached videos may take; 0: as much as the disk has."""
    disk_reserve_bytes: int = 2_000_000_000
    """What fetching videos leaves free on the disk, so that marks can always be saved."""

    daily_check: str = "must"
    """设备自检 before the first mark of the day on a PC: must, may_skip or off."""

    mirror_folder: Path | None = None
    """Best on another drive: every record to be reported is also written to a file there."""
    data_folder: Path | None = None
    """Where the database and the videos are, where that is not beside node.toml."""

    @property
    def home(self) -> Path:
        """The folder that must outlive every start of the PC."""
        return self.data_folder or self.data

    @property
    def database(self) -> Path:
        return self.home / "node.db"

    @property
    def lock(self) -> Path:
        return self.home / "node.lock"

    @property
    def identity(self) -> Path:
        """Who this node is, once more beside the database, should that be damaged."""
        return self.home / "identity.json"

    @property
    def cache(self) -> Path:
        return self.home / "videos"

    def bandwidth_at(self, clock: time) -> float:
        """Mbit/s, by this PC's own time."""
        return mbit_at(parse_plan(self.bandwidth_hours), self.bandwidth_mbit, clock)


def changed(settings: NodeSettings, **changes: Value) -> NodeSettings:
    """Kept in node.toml; whoever runs with the old ones has to take over the new ones."""
    write(settings.data / FILE_NAME, changes)
    return replace(settings, **changes)  # type: ignore[arg-type]


def settings_from(data: Path, flags: Mapping[str, object]) -> NodeSettings:
    found = load(NodeSettings, data / FILE_NAME, ENV_PREFIX, {**flags, "data": data})
    if not 0 <= found.port <= 65535:
        raise Refusal("setting_wrong", f"端口应在 0 到 65535 之间，现在是 {found.port}。")
    if not 1 <= found.video_parallel <= 8:
        raise Refusal("setting_wrong", "同时下载的视频数 video_parallel 应为 1 到 8。")
    if min(found.bandwidth_mbit, found.cache_bytes_max, found.disk_reserve_bytes) < 0:
        raise Refusal("setting_wrong", "带宽、缓存上限和磁盘保留空间不能是负数。")
    if found.daily_check not in DAILY_CHECKS:
        raise Refusal("setting_wrong", f"daily_check 应为 {'、'.join(DAILY_CHECKS)} 之一。")
    parse_plan(found.bandwidth_hours)
    return found

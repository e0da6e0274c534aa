"""The closed list of states a node can be in, as the city sees them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.store.nodes import Node
from shared.kit.clock import parse_stamp

BACKLOG_EVENTS = 50
"""So many events held by a node are called a backlog."""
CLOCK_OFF_MS = 120_000
DISK_FREE_BYTES_MIN = 5_000_000_000


class NodeState(StrEnum):
    """From the worst to the best."""

    OFFLINE = "offline"
    BACKLOG = "backlog"
    NEVER = "never"
    SYNCING = "syncing"
    GOOD = "good"
    RETIRED = "retired"

    @property
    def label(self) -> str:
        return _LABELS[self][0]

    @property
    def tone(self) -> str:
        return _LABELS[self][1]

    @property
    def rank(self) -> int:
        return list(NodeState).index(self)


_LABELS = {
    NodeState.OFFLINE: ("离线", "bad"),
    NodeState.BACKLOG: ("积压", "warn"),
    NodeState.NEVER: ("从未接入", "warn"),
    NodeState.SYNCING: ("同步中", "primary"),
    NodeState.GOOD: ("正常", "ok"),
    NodeState.RETIRED: ("已停用", ""),
}


@dataclass(frozen=True, slots=True)
class SeenNode:
    node: Node
    state: NodeState
    silent_s: float | None
    """Since it was last heard of; None when it never was."""
    problems: tuple[str, ...]
    """Short Chinese sentences, each with what to do."""

    @property
    def pending(self) -> int:
        return self.node.status.pending_events if self.node.status else 0


def look_at(nodes: Iterable[Node], silent_ids: set[int], moment: datetime) -> list[SeenNode]:
    """The worst first."""
    seen = [_look(node, node.id in silent_ids, moment) for node in nodes]
    return sorted(seen, key=lambda s: (s.state.rank, -s.pending, s.node.name))


def _look(node: Node, is_silent: bool, moment: datetime) -> SeenNode:
    silent_s = None
    if node.last_seen_at:
        silent_s = max(0.0, (moment - parse_stamp(node.last_seen_at)).total_seconds())
    state = _state(node, is_silent)
    return SeenNode(node, state, silent_s, tuple(_problems(node)))


def _state(node: Node, is_silent: bool) -> NodeState:
    if node.state == "retired":
        return NodeState.RETIRED
    if node.state == "invited" or node.status is None:
        return NodeState.NEVER
    if is_silent:
        return NodeState.OFFLINE
    if node.status.pending_events >= BACKLOG_EVENTS:
        return NodeState.BACKLOG
    if node.status.videos_wanted:
        return NodeState.SYNCING
    return NodeState.GOOD


def _problems(node: Node) -> list[str]:
    status = node.status
    if status is None or node.state == "retired":
        return []
    found = []
    if abs(status.clock_offset_ms) > CLOCK_OFF_MS:
        found.append(f"时钟相差 {abs(status.clock_offset_ms) // 60_000} 分钟，请技术人员校准")
    if status.videos_failed:
        found.append(f"{status.videos_failed} 个视频取不下来，请查看节点的视频缓存页")
    if status.disk_free_bytes < DISK_FREE_BYTES_MIN:
        found.append("可用磁盘不足 5 GB，请清理或换盘")
    return found

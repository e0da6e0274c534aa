"""What needs a person at the centre now: a short list, each with one way to act on it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.pages.node_states import NodeState, SeenNode
from shared.web.words import duration

ITEMS_MAX = 5
NAMED_MAX = 3


@dataclass(frozen=True, slots=True)
class Todo:
    kind: str
    tone: str
    title: str
    text: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Found:
    """The counts that may call for someone."""

    seen: Sequence[SeenNode]
    waiting: int
    """Slots that nobody could be given."""
    quarantined: int
    faults: int
    without_video: int
    exceptions: int
    """Performances with a confirmed exception."""
    behind: Sequence[str]
    """Districts ten points below the city."""
    watched: int = 0
    """Markers whose figures deserve a look."""
    approvals: int = 0
    """What one city admin asked for and another has to approve."""
    requests: int = 0
    """What leads of districts asked for."""
    undealt: int = 0
    """Performances that came after the allocation."""
    overloaded: Sequence[str] = ()
    """Districts whose leaders will have too much of round 4."""


def todos(found: Found) -> list[Todo]:
    """The most pressing first."""
    return [
        *_offline(found.seen),
        *_counts(found),
        *_overloaded(found.overloaded),
        *_behind(found.behind),
        *_nodes(found.seen),
    ]


def _offline(seen: Sequence[SeenNode]) -> list[Todo]:
    offline = [s for s in seen if s.state is NodeState.OFFLINE]
    if len(offline) > NAMED_MAX:
        names = "、".join(s.node.name for s in offline[:NAMED_MAX])
        text = f"{names} 等；机房可继续阅卷，恢复后自动补传。"
        return [Todo("离线", "bad", f"{len(offline)} 个节点离线", text, "查看", "/nodes")]
    return [
        Todo(
            "离线",
            "bad",
            f"{s.node.name}离线 {duration(s.silent_s)}",
            f"积压 {s.pending} 份；机房可继续阅卷，恢复后补传。",
            "查看",
            "/nodes",
        )
        for s in offline
    ]


def _counts(found: Found) -> list[Todo]:
    counted = (
        (found.approvals, _APPROVALS),
        (found.requests, _REQUESTS),
        (found.waiting, _WAITING),
        (found.undealt, _UNDEALT),
        (found.quarantined, _QUARANTINED),
        (found.without_video, _WITHOUT_VIDEO),
        (found.faults, _FAULTS),
        (found.exceptions, _EXCEPTIONS),
        (found.watched, _WATCHED),
    )
    return [replace(item, title=f"{count:,} {item.title}") for count, item in counted if count]


_APPROVALS = Todo(
    "确认", "bad", "项操作等待双人确认", "由申请人以外的市级管理员确认。", "查看", "/approvals"
)
_REQUESTS = Todo("申请", "warn", "项区县申请待答复", "更换教师、调配任务等。", "处理", "/requests")
_WAITING = Todo("无人", "bad", "份作品无人可分配", "补充人员后会自动分配。", "查看", "/problems")
_UNDEALT = Todo(
    "补分配", "warn", "份作品未分配", "分配之后才有的作品。", "补分配", "/rounds/supplement"
)
_QUARANTINED = Todo(
    "隔离", "bad", "条上报记录被隔离", "已原样保存，需要人工查看。", "查看", "/nodes"
)
_WITHOUT_VIDEO = Todo(
    "缺视频", "warn", "份作品没有可用视频", "补齐文件后重新导入。", "查看", "/rounds"
)
_FAULTS = Todo(
    "故障", "warn", "次播放故障（今日）", "节点已自动重取，请关注是否重复。", "查看", "/problems"
)
_WATCHED = Todo(
    "质量", "warn", "名教师的评分需要关注", "一致率、收听或用时超出界限。", "查看", "/quality"
)
_EXCEPTIONS = Todo(
    "异常", "warn", "份作品终评为异常", "无等级，请核对原始视频。", "查看", "/problems"
)


def _overloaded(districts: Sequence[str]) -> list[Todo]:
    if not districts:
        return []
    title = f"{_named(districts)}组长负担将过重"
    return [Todo("4评", "warn", title, "请增派学科组长，或试算规则。", "查看", "/forecast")]


def _named(districts: Sequence[str]) -> str:
    names = "、".join(districts[:NAMED_MAX])
    return f"{names} 等 {len(districts)} 个区县" if districts[NAMED_MAX:] else names


def _behind(districts: Sequence[str]) -> list[Todo]:
    if not districts:
        return []
    text = "1、2评完成率低于全市平均 10 个百分点以上。"
    return [Todo("落后", "warn", f"{_named(districts)}落后", text, "查看", "/districts")]


def _nodes(seen: Sequence[SeenNode]) -> list[Todo]:
    items = []
    for s in seen:
        if s.state is NodeState.BACKLOG:
            text = "节点在线，正在补传。"
            items.append(
                Todo(
                    "积压", "warn", f"{s.node.name}有 {s.pending} 份未上报", text, "查看", "/nodes"
                )
            )
        if s.state is NodeState.NEVER:
            text = "接入码 48 小时内有效，过期请重新生成。"
            items.append(Todo("未接入", "warn", f"{s.node.name}从未接入", text, "查看", "/nodes"))
        if s.state is NodeState.OFFLINE:
            continue
        items.extend(
            Todo("节点", "warn", s.node.name, p + "。", "查看", "/nodes") for p in s.problems
        )
    return items

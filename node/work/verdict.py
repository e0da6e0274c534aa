"""Can marking go on here? One sentence, and a remedy for everything that is not as it should be."""

from dataclasses import dataclass
from typing import Literal

DISK_LOW_BYTES = 3_000_000_000
BACKLOG_WORTH_SAYING = 50

Tone = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the node knows of itself."""

    is_enrolled: bool
    has_open_sitting: bool
    tasks: int
    is_connected: bool
    pending: int
    """Events that the hub has not got yet."""
    videos_wanted: int
    videos_ready: int
    videos_failed: int
    video_problem: str
    disk_free_bytes: int
    clock_offset_ms: int


@dataclass(frozen=True, slots=True)
class Problem:
    tone: Tone
    title: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Verdict:
    tone: Tone
    title: str
    text: str
    problems: tuple[Problem, ...]


def judge_node(facts: Facts) -> Verdict:
    """Never red while marking can go on: the hub may be away, marks are kept here."""
    problems = tuple(_problems(facts))
    if blocker := _blocker(facts):
        return Verdict("bad", "暂时不能阅卷", blocker, problems)
    if problems:
        return Verdict("warn", "可以阅卷，但有需要处理的事项", problems[0].title, problems)
    return Verdict("ok", "可以阅卷", _fine(facts), ())


def _blocker(facts: Facts) -> str:
    if not facts.is_enrolled:
        return "本机还没有接入市级中心，请先完成接入。"
    if not facts.has_open_sitting:
        return "市级中心还没有开始阅卷，开始后这里会自动更新。"
    if facts.tasks == 0:
        return "任务还没有下发到本机，请稍候。"
    if facts.videos_ready == 0:
        return "视频还没有下载到本机，请稍候。"
    return ""


def _fine(facts: Facts) -> str:
    if facts.videos_wanted == 0:
        return "当前任务的视频已全部在本机，断网也不影响评阅。"
    return f"视频正在下载，还差 {facts.videos_wanted} 个，不影响评阅已备好的。"


def _problems(facts: Facts) -> list[Problem]:
    found = []
    if facts.is_enrolled and not facts.is_connected:
        found.append(_offline(facts))
    elif facts.pending >= BACKLOG_WORTH_SAYING:
        found.append(
            Problem(
                "warn",
                f"有 {facts.pending} 条记录等待上报",
                "网络较慢，会自动补报，不会丢失；若长时间不减少，请检查出口带宽。",
            )
        )
    if facts.videos_failed:
        found.append(
            Problem(
                "warn",
                f"{facts.videos_failed} 个视频没有下载成功",
                facts.video_problem or "会自动重试；若一直不成功，请联系市级中心。",
            )
        )
    if facts.disk_free_bytes < DISK_LOW_BYTES:
        found.append(
            Problem(
                "warn",
                f"磁盘只剩 {facts.disk_free_bytes / 1e9:.1f} GB",
                "请清理数据所在的磁盘；空间不足时会停止下载视频，评分仍可保存。",
            )
        )
    if abs(facts.clock_offset_ms) > 120_000:
        found.append(
            Problem(
                "warn",
                f"本机时钟与市级中心相差 {abs(facts.clock_offset_ms) / 1000:.0f} 秒",
                "请校准本机时间；评分不受影响，以市级中心的时间为准。",
            )
        )
    return found


def _offline(facts: Facts) -> Problem:
    waiting = f"，已积压 {facts.pending} 条" if facts.pending else ""
    return Problem(
        "warn",
        f"市级平台连不上，机房可继续阅卷{waiting}",
        "评分都保存在本机，恢复后自动上报。请检查机房出口网络和防火墙。",
    )

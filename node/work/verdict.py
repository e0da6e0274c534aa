"""Can marking go on here? One sentence, and a remedy for everything that is not as it should be."""

from dataclasses import dataclass
from typing import Literal

DISK_FULL_BYTES = 50_000_000
DISK_LOW_BYTES = 3_000_000_000
BACKLOG_WORTH_SAYING = 50
CLOCK_OFF_MS = 120_000
OVER = ("closed", "wiped")

Tone = Literal["ok", "idle", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the node knows of itself."""

    is_enrolled: bool
    sitting_state: str
    """Of the current sitting; "" while the city has told of none."""
    online: int
    """People heard of in the last minutes."""
    tasks: int
    tasks_open: int
    tasks_playable: int
    """Open tasks whose video is here."""
    is_connected: bool
    pending: int
    """Events that the hub has not got yet."""
    videos_wanted: int
    videos_failed: int
    video_problem: str
    disk_free_bytes: int
    clock_offset_ms: int
    is_fetch_paused: bool = False
    """A technician has stopped the videos' downloads."""
    is_set_up: bool = True
    """The set-up was gone through to its end."""
    differs: int = 0
    """So many marks are not the same here and at the hub (对账)."""
    was_rebuilt: bool = False
    """The database was damaged not long ago, and was made anew."""

    @property
    def has_work(self) -> bool:
        """Something to mark is here, or all of it is marked."""
        return self.sitting_state == "open" and (
            self.tasks_playable > 0 or (self.tasks > 0 and self.tasks_open == 0)
        )

    @property
    def can_mark(self) -> bool:
        return self.is_enrolled and self.has_work and self.disk_free_bytes >= DISK_FULL_BYTES


@dataclass(frozen=True, slots=True)
class Problem:
    tone: Literal["warn", "bad"]
    title: str
    remedy: str
    url: str = ""
    """Where it can be dealt with."""
    url_text: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    tone: Tone
    title: str
    text: str
    problems: tuple[Problem, ...]


def judge_node(facts: Facts) -> Verdict:
    """Never red while marking can go on: the hub may be away, marks are kept here."""
    problems = tuple(_problems(facts))
    if facts.can_mark:
        if problems:
            text = f"{_can_mark(facts)}{problems[0].title}。"
            return Verdict("warn", "可以阅卷，但有需要处理的事项", text, problems)
        return Verdict("ok", "可以阅卷", _can_mark(facts), ())
    if any(problem.tone == "bad" for problem in problems):
        return Verdict("bad", "暂时不能阅卷", f"{problems[0].title}。", problems)
    return Verdict("warn" if problems else "idle", "暂时不能阅卷", _waits_for(facts), problems)


def _can_mark(facts: Facts) -> str:
    people = f"{facts.online} 人在线，"
    if facts.tasks_open == 0:
        return f"{people}已下发的任务都评完了。"
    if facts.videos_wanted == 0:
        return f"{people}当前任务的视频已全部在本机，断网也不影响评阅。"
    coming = "正在下载" if facts.is_connected else "，连上后继续下载"
    return f"{people}视频还差 {facts.videos_wanted} 个{coming}，不影响评阅已备好的。"


def _waits_for(facts: Facts) -> str:
    """There is nothing to do here but to wait."""
    if facts.sitting_state in OVER:
        return "这一场次已经结束；下一场次开始后这里会自动更新。"
    if facts.sitting_state != "open":
        return "市级中心还没有开始阅卷，开始后这里会自动更新。"
    if facts.tasks == 0:
        return "任务正在下发到本机，到达后这里会自动更新。"
    return "视频正在下载到本机，第一个到达后就可以开始。"


def _problems(facts: Facts) -> list[Problem]:
    """The gravest first; each says what to do."""
    if not facts.is_enrolled:
        return [
            Problem(
                *("bad", "本机还没有接入市级中心", "请打开安装向导，粘贴区县接入码。"),
                *("/setup", "安装向导"),
            )
        ]
    found = [
        *(_disk(facts), _link(facts), _rebuilt(facts), _paused(facts), _videos(facts)),
        *(_clock(facts), _step(facts), _set_up(facts)),
    ]
    problems = [problem for problem in found if problem is not None]
    return sorted(problems, key=lambda problem: problem.tone != "bad")


def _disk(facts: Facts) -> Problem | None:
    if facts.disk_free_bytes < DISK_FULL_BYTES:
        return Problem(
            "bad",
            "磁盘已满，评分无法保存",
            "请立即清理数据所在的磁盘，至少留出 3 GB；清理后这里会自动更新。",
        )
    if facts.disk_free_bytes < DISK_LOW_BYTES:
        return Problem(
            "warn",
            f"磁盘只剩 {facts.disk_free_bytes / 1e9:.1f} GB",
            "请清理数据所在的磁盘；空间不足时会停止下载视频，评分仍可保存。",
        )
    return None


def _link(facts: Facts) -> Problem | None:
    if not facts.is_connected:
        return _offline(facts)
    if facts.pending >= BACKLOG_WORTH_SAYING:
        return Problem(
            "warn",
            f"有 {facts.pending} 条记录等待上报",
            "网络较慢，会自动补报，不会丢失；若长时间不减少，请检查出口带宽。",
            *("/sync", "同步记录"),
        )
    return None


def _offline(facts: Facts) -> Problem:
    remedy = "请检查机房出口网络和防火墙，恢复后会自动继续。"
    if facts.has_work or facts.sitting_state in OVER:
        waiting = f"，已积压 {facts.pending} 条" if facts.pending else ""
        goes_on = "，机房可继续阅卷" if facts.has_work else ""
        return Problem(
            "warn",
            f"市级中心连不上{goes_on}{waiting}",
            f"评分都保存在本机，恢复后自动上报。{remedy}",
        )
    # What marking waits for can only come over the link.
    return Problem("bad", "市级中心连不上，本机还没有可评的任务或视频", remedy)


def _videos(facts: Facts) -> Problem | None:
    # Without the link no video comes; that is said already.
    reason = facts.video_problem.rstrip("。") if facts.is_connected else ""
    if facts.videos_failed == 0 and not reason:
        return None
    is_failed = facts.videos_failed > 0
    return Problem(
        "warn",
        f"{facts.videos_failed} 个视频没有下载成功" if is_failed else "视频下载遇到问题",
        f"{reason or '可能是网络不稳'}。会自动重试；若一直不成功，请联系市级中心。",
        *("/cache", "看是哪些"),
    )


def _paused(facts: Facts) -> Problem | None:
    if not facts.is_fetch_paused or facts.videos_wanted == 0:
        return None
    return Problem(
        *("warn", "视频下载已暂停", "没有备好的视频不能评。要继续下载，请到“视频缓存”点“限速”。"),
        *("/cache", "视频缓存"),
    )


def _set_up(facts: Facts) -> Problem | None:
    if facts.is_set_up:
        return None
    return Problem(
        *("warn", "安装向导还没有做完", "请接着做完剩下的几步，约 5 分钟，不影响阅卷。"),
        *("/setup", "继续安装"),
    )


def _step(facts: Facts) -> Problem | None:
    if facts.differs <= 0:
        return None
    return Problem(
        "warn",
        f"与市级中心对账差 {facts.differs} 份",
        "会自动补报或取回；若一直不一致，请联系市级中心。",
    )


def _rebuilt(facts: Facts) -> Problem | None:
    if not facts.was_rebuilt:
        return None
    return Problem(
        "warn",
        "本机的数据库曾经损坏，已自动重建",
        "评分会从市级中心、镜像文件和浏览器取回。损坏的文件在数据目录的 damaged- 文件夹里，"
        "请不要删除，并检查本机硬盘。",
    )


def _clock(facts: Facts) -> Problem | None:
    if abs(facts.clock_offset_ms) <= CLOCK_OFF_MS:
        return None
    return Problem(
        "warn",
        f"本机时钟与市级中心相差 {abs(facts.clock_offset_ms) / 1000:.0f} 秒",
        "请校准本机时间；评分不受影响，以市级中心的时间为准。",
    )

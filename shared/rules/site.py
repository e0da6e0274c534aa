"""The site check (阅卷场地核查): what the line and the PCs of a lab must do, and what to do else.

The requirements are those of the manual: 300 Mbit/s and 10 more for each marker beyond 30, 4 GB
of memory, Chrome 110 or later, a screen on which the marking page fits, sound that is heard.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

LINK_MBIT, LINK_MBIT_EACH, LINK_MARKERS = 300, 10, 30
CHROME_LEAST, CHROME_OF_WINDOWS_7 = 110, 109
MEMORY_GB, MEMORY_GB_COUNTED = 4.0, 2.8
"""A PC of 4 GB shows less of it: the firmware and the graphics take their part."""
WIDTH, WIDTH_LEAST = 1366, 1200
DROPPED, DROPPED_MOST = 0.05, 0.20
FRAMES_LEAST = 60
PC_MBIT, PC_MBIT_LEAST = 20.0, 10.0
PING_MS = 100.0
KEYS = ("3", "2", "1", "0", "Enter", "D", "F")
LINK_SHARE_LEAST = 1 / 3
"""Below this share of what the manual asks for, videos will not come in time."""


class Tone(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    OPEN = "open"
    """Not measured yet."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    name: str
    label: str
    tone: Tone
    text: str
    remedy: str = ""
    short: str = ""
    """A word of at most four characters, for a seat in the grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the browser of a PC found out; None where it was not measured."""

    agent: str = ""
    missing: tuple[str, ...] = ()
    """What the marking page needs and this browser has not."""
    width: int | None = None
    """Of the screen, in CSS pixels."""
    height: int | None = None
    inner_width: int | None = None
    zoom_percent: int | None = None
    memory_gb: float | None = None
    """As the browser gives it away: rounded, or estimated from its heap."""
    frames: int | None = None
    dropped: int | None = None
    left: tuple[int, int] | None = None
    """Beeps played and beeps heard."""
    right: tuple[int, int] | None = None
    keys: tuple[str, ...] = ()
    mbit: float | None = None
    """From the node to this PC."""
    ping_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Browser:
    name: str
    chrome: int
    """The major version of its Chromium; 0 where it has none."""
    windows: str
    """As it calls itself: 6.1 is Windows 7, 10.0 is 10 and 11."""

    @property
    def is_windows_7(self) -> bool:
        return self.windows.startswith("6.")


def browser_of(agent: str) -> Browser:
    chrome = re.search(r"Chrome/(\d+)", agent)
    windows = re.search(r"Windows NT ([\d.]+)", agent)
    major = int(chrome.group(1)) if chrome else 0
    brand = next((said for token, said in _BRANDS if token in agent), "Chrome")
    name = f"{brand} {major}" if major else "不是 Chrome 内核的浏览器"
    return Browser(name, major, windows.group(1) if windows else "")


_BRANDS = (
    ("Edg/", "Edge"),
    ("QQBrowser", "QQ 浏览器"),
    ("QIHU", "360 浏览器"),
    ("360", "360 浏览器"),
)


def judge_pc(found: Measured) -> tuple[Line, ...]:
    return (
        _browser(found),
        _screen(found),
        _memory(found),
        _video(found),
        _sound(found),
        _keys(found),
        _speed(found),
    )


def worst(lines: Iterable[Line]) -> Tone:
    """Red before unfinished before amber: what cannot work is known without the rest."""
    tones = {line.tone for line in lines}
    return next((t for t in (Tone.BAD, Tone.OPEN, Tone.WARN) if t in tones), Tone.OK)


def _browser(found: Measured) -> Line:
    label, browser = "浏览器", browser_of(found.agent)
    if not found.agent:
        return Line("browser", label, Tone.OPEN, "")
    if found.missing or browser.chrome < CHROME_OF_WINDOWS_7:
        remedy = "请在这台电脑上安装 Chrome 110 或更新的版本，再用它打开本页。"
        return Line("browser", label, Tone.BAD, browser.name, remedy, "浏览器")
    if browser.chrome >= CHROME_LEAST:
        return Line("browser", label, Tone.OK, browser.name)
    if browser.is_windows_7:
        text = f"Windows 7 上的 {browser.name}，低于要求的 110"
        remedy = "可以阅卷；有条件时换用 Windows 10 的电脑。"
        return Line("browser", label, Tone.WARN, text, remedy, "Win7")
    text = f"{browser.name}，低于要求的 110"
    return Line("browser", label, Tone.WARN, text, "可以阅卷；请把浏览器更新到最新版本。", "浏览器")


def _screen(found: Measured) -> Line:
    label, width = "画面", found.width
    if width is None or found.inner_width is None:
        return Line("screen", label, Tone.OPEN, "")
    text = f"{width} × {found.height}"
    if width < WIDTH_LEAST:
        remedy = "请在“显示设置”里把分辨率调到 1366 × 768 以上、缩放调到 100%，或换一台显示器。"
        return Line("screen", label, Tone.BAD, text, remedy, "屏幕窄")
    if width < WIDTH:
        remedy = "请在“显示设置”里把分辨率调到 1366 × 768 以上，缩放调到 100%。"
        return Line("screen", label, Tone.WARN, text, remedy, "屏幕窄")
    if found.inner_width < WIDTH_LEAST or (found.zoom_percent or 100) > 110:
        remedy = "请把浏览器窗口最大化，并按 Ctrl 和 0 恢复 100% 缩放，然后重试。"
        text = f"{text}，网页可用宽度只有 {found.inner_width}"
        return Line("screen", label, Tone.WARN, text, remedy, "缩放")
    return Line("screen", label, Tone.OK, text)


def _memory(found: Measured) -> Line:
    label, gb = "内存", found.memory_gb
    if gb is None:
        if not found.agent:
            return Line("memory", label, Tone.OPEN, "")
        return Line("memory", label, Tone.OK, "浏览器没有给出，请在系统属性里确认不少于 4 GB")
    if gb < MEMORY_GB_COUNTED:
        remedy = "要求 4 GB。可以试用：请关闭其他程序；视频卡顿时换一台电脑。"
        return Line("memory", label, Tone.WARN, f"估计只有 {gb:.1f} GB", remedy, "内存")
    return Line("memory", label, Tone.OK, "不少于 4 GB" if gb >= MEMORY_GB else "约 4 GB")


def _video(found: Measured) -> Line:
    label = "视频播放"
    if found.frames is None or found.dropped is None:
        return Line("video", label, Tone.OPEN, "")
    if found.frames < FRAMES_LEAST:
        remedy = "请更新显卡驱动和浏览器后重试；仍然不行，请换一台电脑。"
        return Line("video", label, Tone.BAD, "样片没有播放出来", remedy, "视频")
    share = found.dropped / found.frames
    text = f"播放 {found.frames} 帧，丢 {found.dropped} 帧（{100 * share:.1f}%）"
    if share > DROPPED_MOST:
        remedy = "请关闭其他程序、更新显卡驱动后重试；仍然卡顿，请换一台电脑。"
        return Line("video", label, Tone.BAD, text, remedy, "卡顿")
    if share > DROPPED:
        return Line("video", label, Tone.WARN, text, "请关闭其他程序后重试。", "卡顿")
    return Line("video", label, Tone.OK, text)


def _sound(found: Measured) -> Line:
    label, ears = "声音", (("左耳", found.left), ("右耳", found.right))
    deaf = [ear for ear, heard in ears if heard is not None and heard[0] != heard[1]]
    if deaf:
        text = f"{'和'.join(deaf)}：听到的次数与播放的不一致"
        remedy = "请检查耳机是否插好、是否静音、音量是否太小；左右不一致时换一副耳机，再重新听。"
        return Line("sound", label, Tone.BAD, text, remedy, "无声")
    if any(heard is None for _, heard in ears):
        return Line("sound", label, Tone.OPEN, "")
    return Line("sound", label, Tone.OK, "左耳、右耳都听到了")


def _keys(found: Measured) -> Line:
    left = [key for key in KEYS if key not in found.keys]
    if left:
        return Line("keys", "键盘", Tone.OPEN, f"还没有按到：{' '.join(left)}", "", "键盘")
    return Line("keys", "键盘", Tone.OK, "评分用的键都有反应")


def _speed(found: Measured) -> Line:
    label = "到服务器速度"
    if found.mbit is None:
        return Line("speed", label, Tone.OPEN, "")
    ping = "" if found.ping_ms is None else f"，时延 {found.ping_ms:.0f} 毫秒"
    text = f"{found.mbit:.0f} Mbit/s{ping}"
    remedy = "请检查网线和交换机端口（不要用无线网），换一个端口后重试；要求不低于 20 Mbit/s。"
    if found.mbit < PC_MBIT_LEAST:
        return Line("speed", label, Tone.BAD, text, remedy, "慢")
    if found.mbit < PC_MBIT or (found.ping_ms or 0) > PING_MS:
        return Line("speed", label, Tone.WARN, text, remedy, "慢")
    return Line("speed", label, Tone.OK, text)


def link_mbit_needed(markers: int) -> int:
    """What the manual asks of the line of a lab with so many markers."""
    return LINK_MBIT + LINK_MBIT_EACH * max(0, markers - LINK_MARKERS)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    markers: int
    """Accounts that mark here, leaders too."""
    pcs: Sequence[Tone]
    link_mbit: float | None
    """As measured against the hub; None: not measured yet."""


def judge_site(facts: SiteFacts) -> tuple[Line, ...]:
    """The lab as a whole; one PC that is out of order does not keep it from marking."""
    return (_link(facts), _seats(facts), _checked(facts))


def _link(facts: SiteFacts) -> Line:
    label, needed = "出口带宽", link_mbit_needed(facts.markers)
    demand = f"要求 {needed} Mbit/s（{facts.markers} 位老师）"
    if facts.link_mbit is None:
        remedy = "请在没有人阅卷时点“测出口带宽”。"
        return Line("link", label, Tone.OPEN, f"还没有测；{demand}", remedy)
    text = f"实测 {facts.link_mbit:.0f} Mbit/s；{demand}"
    if facts.link_mbit >= needed:
        return Line("link", label, Tone.OK, text)
    remedy = "请确认线路独享、网线和交换机是千兆，再重测；仍不够，请联系运营商提速。"
    tone = Tone.BAD if facts.link_mbit < needed * LINK_SHARE_LEAST else Tone.WARN
    return Line("link", label, tone, text, remedy)


def _seats(facts: SiteFacts) -> Line:
    label, good = "可用电脑", sum(tone in (Tone.OK, Tone.WARN) for tone in facts.pcs)
    text = f"{good} 台通过自检；{facts.markers} 位老师"
    if facts.markers and good >= facts.markers:
        return Line("seats", label, Tone.OK, text)
    if not facts.markers:
        return Line("seats", label, Tone.OPEN, text, "名册下发后这里会自动更新。")
    remedy = "请在每台要用的电脑上打开阅卷网址后面加 /check 的页面，做完自检。"
    return Line("seats", label, Tone.WARN if good else Tone.OPEN, text, remedy)


def _checked(facts: SiteFacts) -> Line:
    label = "电脑自检"
    bad = sum(tone is Tone.BAD for tone in facts.pcs)
    waiting = sum(tone is Tone.OPEN for tone in facts.pcs)
    amber = sum(tone is Tone.WARN for tone in facts.pcs)
    if not facts.pcs:
        return Line("pcs", label, Tone.OPEN, "还没有电脑做过自检", "打印张贴页，贴在机房里。")
    if not (bad or waiting or amber):
        return Line("pcs", label, Tone.OK, f"{len(facts.pcs)} 台都通过")
    parts = ((bad, "不能阅卷"), (waiting, "没有做完"), (amber, "建议处理"))
    text = "，".join(f"{count} 台{word}" for count, word in parts if count)
    return Line("pcs", label, Tone.WARN, text, "点开黄色和红色的座位，按提示处理后重新自检。")

"""What each step of the set-up looks at: lines in three colours, each with its remedy."""

from collections.abc import Iterable
from pathlib import Path

from sqlite_utils import Database

from node.doctor import rules
from node.doctor.examine import bytes_to_fetch, hub_look, write_problem
from node.doctor.findings import Finding, Light
from node.machine import canary
from node.machine.here import here
from node.machine.places import Place
from node.settings import NodeSettings
from node.store import accounts
from node.work.site_check import link_measured, markers_here
from shared.kit.lan import lan_addresses
from shared.rules.rubric import Role
from shared.rules.site import Line, SiteFacts, Tone, judge_site

GB = 1e9
FREE_GB, FREE_GB_LEAST = 50, 5
WRITE_MB_S = 30
CAPS = (240, 100, 50)
HALF_HOURS = ("08:30-12:00", "13:30-17:30")
SHARE = 0.8
_TONES = {Light.GREEN: Tone.OK, Light.AMBER: Tone.WARN, Light.RED: Tone.BAD}


def line_of(found: Finding) -> Line:
    return Line(found.code, found.title, _TONES[found.light], found.said, found.remedy)


def network_lines(db: Database, settings: NodeSettings) -> list[Line]:
    seen = hub_look(settings)
    found = (rules.hub(seen), rules.certificate(seen), rules.clock(seen.ahead))
    link = link_measured(db)
    facts = SiteFacts(markers_here(db), (), link.mbit if link else None)
    return [*_lines(found), judge_site(facts)[0]]


def disk_lines(settings: NodeSettings) -> list[Line]:
    home = settings.home.resolve()
    boots = canary.boots_survived(home, here.boot_id())
    restore = rules.restore(boots, here.restore_programs())
    return _lines((rules.rights(str(home), write_problem(home)), restore))


def place_line(place: Place, settings: NodeSettings) -> Line:
    """Of one disk: whether it should be taken."""
    free, label = f"剩余 {place.free_bytes / GB:.0f} GB", str(place.folder)
    if place.write_mb_s is None:
        return Line("place", label, Tone.BAD, f"{free}，不能写入", "请换一块磁盘，或修改权限。")
    text = f"{free}，写入 {place.write_mb_s:.0f} MB/s"
    needed = bytes_to_fetch(settings) + settings.disk_reserve_bytes
    if place.free_bytes < FREE_GB_LEAST * GB:
        return Line("place", label, Tone.BAD, text, f"至少需要 {FREE_GB_LEAST} GB，请清理。")
    if place.is_system:
        remedy = "这是系统盘：装有还原卡的机房，重启后系统盘上的评分会丢失。有别的盘时请选别的盘。"
        return Line("place", label, Tone.WARN, f"{text}，系统盘", remedy)
    if place.free_bytes < max(needed, FREE_GB * GB):
        return Line("place", label, Tone.WARN, text, "可能放不下全部视频，会边阅卷边腾出空间。")
    if place.write_mb_s < WRITE_MB_S:
        return Line("place", label, Tone.WARN, text, "这块盘较慢，有更快的盘时请选更快的。")
    return Line("place", label, Tone.OK, text)


def recommended(lines: Iterable[Line]) -> int:
    """The first green one, else the first that can be taken."""
    found = list(lines)
    for tone in (Tone.OK, Tone.WARN):
        for number, line in enumerate(found):
            if line.tone is tone:
                return number
    return 0


def caps(db: Database) -> list[tuple[float, str]]:
    """Mbit/s and what is said of it; the first is recommended."""
    link = link_measured(db)
    found = [(float(cap), f"{cap} Mbit/s") for cap in CAPS]
    if link is not None and link.mbit >= 1:
        share = float(round(link.mbit * SHARE))
        found = [one for one in found if one[0] != share]
        found.insert(0, (share, f"{share:.0f} Mbit/s（实测 {link.mbit:.0f} 的八成，推荐）"))
    return [*found, (0.0, "不限（独享专线时可以）")]


def hours_at_half(cap: float) -> str:
    """While people mark, half is left to marks and to playing; empty where there is no cap."""
    return ", ".join(f"{hours} {cap / 2:g}" for hours in HALF_HOURS) if cap else ""


def address_lines(settings: NodeSettings, visitor: str) -> list[Line]:
    """`visitor`: another PC that opened our page; "" while none has."""
    is_open = here.firewall_is_open(settings.port)
    found = [line_of(rules.firewall(is_open, settings.port, is_loopback=False))]
    if visitor:
        text = f"{visitor} 打开过本机的网页"
        # Whoever came through has shown what no rule can tell.
        return [Line("visitor", "从别的电脑打开", Tone.OK, text)]
    remedy = "请在另一台电脑或手机上打开上面的网址（手机要连机房的网络），打开后这里会变绿。"
    found.append(Line("visitor", "从别的电脑打开", Tone.WARN, "还没有别的电脑打开过", remedy))
    return found


def ports(settings: NodeSettings, can_bind: bool) -> list[tuple[int, str]]:
    """80 makes the shortest address."""
    found = [(settings.port, f"{settings.port}（现在的）")]
    if settings.port != 80 and can_bind:
        found.append((80, "80（网址最短，不用写端口）"))
    if settings.port == 80:
        found.append((8080, "8080"))
    return found


def addresses(settings: NodeSettings) -> list[str]:
    """Under which other PCs may find us, the likeliest first."""
    port = "" if settings.port == 80 else f":{settings.port}"
    return [f"http://{address}{port}" for address in lan_addresses()]


ROLES = (Role.MARKER, Role.LEADER, Role.LEAD, Role.TECHNICIAN)


def roll(db: Database) -> list[accounts.Account]:
    active = [a for a in accounts.everyone(db) if a.state == "active"]
    return sorted(active, key=lambda a: ROLES[::-1].index(a.role) if a.role in ROLES else 9)


def roll_lines(people: list[accounts.Account]) -> list[Line]:
    counts = {role: sum(a.role is role for a in people) for role in ROLES}
    if not people:
        remedy = "名册由市级中心下发，通常在接入后一分钟内到达；可以先完成安装，稍后再核对。"
        return [Line("roll", "名册", Tone.WARN, "还没有收到名册", remedy)]
    remedy = "请联系市级中心补充；不影响继续安装。"
    return [
        Line(
            role,
            role.label,
            Tone.OK if counts[role] else Tone.WARN,
            f"{counts[role]} 人",
            "" if counts[role] else remedy,
        )
        for role in ROLES
    ]


def finish_lines() -> list[Line]:
    return _lines(
        (
            rules.autostart(here.starts_by_itself()),
            rules.sleep(here.sleeps_after_min(), here.STAY_AWAKE),
        )
    )


def is_place(folder: Path, known: Iterable[Place]) -> bool:
    return folder in {place.folder for place in known}


def _lines(found: Iterable[Finding | None]) -> list[Line]:
    return [line_of(one) for one in found if one is not None]

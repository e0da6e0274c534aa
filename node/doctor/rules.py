"""From what was measured on this PC to findings: pure, no clock, no files, no network."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from node.doctor.findings import Finding, Light
from node.uplink.look import HubLook, HubState

CLOCK_OFF_MAX = timedelta(minutes=2)
CERTIFICATE_LEFT_MIN = timedelta(days=14)
SQLITE_MIN = (3, 37, 0)
"""STRICT tables."""
SQLITE_SOUND = (3, 51, 3)
"""Before it two connections that checkpoint may damage a file: ours has one that does."""
GB = 1_000_000_000


class PortUse(StrEnum):
    OURS = "ours"
    FREE = "free"
    OTHER = "other"


def port(number: int, use: PortUse) -> Finding:
    said = {
        PortUse.OURS: f"端口 {number} 上运行着本节点。",
        PortUse.FREE: f"端口 {number} 空闲，服务现在没有运行。",
        PortUse.OTHER: f"端口 {number} 被别的程序占用，教师打不开阅卷页面。",
    }[use]
    if use is PortUse.OURS:
        return Finding("port", "端口", Light.GREEN, said)
    if use is PortUse.FREE:
        return Finding("port", "端口", Light.AMBER, said, "运行 shengping-node run 启动服务。")
    remedy = "关闭那个程序，或在 node.toml 里把 port 换成别的端口（例如 8081），再启动服务。"
    return Finding("port", "端口", Light.RED, said, remedy)


def firewall(is_open: bool | None, number: int, *, is_loopback: bool) -> Finding:
    """`is_open`: None where nothing can be found out."""
    if is_loopback:
        said = "服务只在本机监听，别的电脑不能访问。"
        remedy = "机房的电脑要访问它时，把 node.toml 的 host 改成 0.0.0.0。"
        return Finding("firewall", "防火墙", Light.AMBER, said, remedy)
    if is_open:
        said = f"已放行本网段访问端口 {number}。"
        return Finding("firewall", "防火墙", Light.GREEN, said)
    said = (
        "无法判断防火墙是否放行。"
        if is_open is None
        else f"防火墙没有放行端口 {number}，机房的电脑可能打不开阅卷页面。"
    )
    remedy = (
        "以管理员身份运行 shengping-node install（会自动放行）；用 360、火绒等防火墙的，"
        f"还要在它里面允许本程序。然后在另一台电脑上打开阅卷网址（端口 {number}）试一下。"
    )
    return Finding("firewall", "防火墙", Light.AMBER, said, remedy)


def rights(folder: str, problem: str) -> Finding:
    """`problem`: what the system said when a file was written there; empty: nothing."""
    if not problem:
        return Finding("rights", "文件权限", Light.GREEN, f"数据目录 {folder} 可以写入并落盘。")
    remedy = (
        "以管理员身份运行 shengping-node install 修复权限；如有杀毒软件或“受控文件夹访问”，"
        "把程序目录和数据目录加入信任区。"
    )
    said = f"数据目录 {folder} 不能写入：{problem}。"
    return Finding("rights", "文件权限", Light.RED, said, remedy)


def secrecy(is_private: bool | None) -> Finding | None:
    """None where nothing is known."""
    if is_private is None:
        return None
    if is_private:
        return Finding("secrecy", "数据保密", Light.GREEN, "数据目录只有本服务和管理员能读。")
    said = "本机的其他用户也能读数据目录，里面有学生视频。"
    remedy = "以管理员（root）身份运行 shengping-node install，会收紧目录权限。"
    return Finding("secrecy", "数据保密", Light.AMBER, said, remedy)


@dataclass(frozen=True, slots=True)
class Disk:
    kind: str
    """fixed, removable, network, memory, synced (a cloud drive's folder) or unknown"""
    free_bytes: int
    needed_bytes: int
    """What is still to be fetched."""
    reserve_bytes: int


def disk(seen: Disk) -> Finding:
    free = f"剩余 {seen.free_bytes / GB:.1f} GB"
    wrong = {
        "network": "数据目录在网络盘上，断网或掉线会损坏数据库",
        "removable": "数据目录在移动盘上，拔出会损坏数据库",
        "memory": "数据目录在内存盘上，关机就没有了",
        "synced": "数据目录在网盘同步文件夹里，同步程序会锁住和改动数据库",
    }.get(seen.kind)
    if wrong is not None:
        remedy = "停止服务，把数据目录搬到本机硬盘（未被还原保护的盘），用 --data 指明后再启动。"
        return Finding("disk", "磁盘", Light.RED, f"{wrong}；{free}。", remedy)
    clean = "清理这块盘，或把数据目录换到更大的盘。"
    if seen.free_bytes < seen.reserve_bytes:
        said = f"{free}，少于要留给评分的 {seen.reserve_bytes / GB:.1f} GB，已停止下载视频。"
        return Finding("disk", "磁盘", Light.RED, said, clean)
    if seen.free_bytes < seen.needed_bytes + seen.reserve_bytes:
        needed = f"还要下载 {seen.needed_bytes / GB:.1f} GB"
        said = f"{free}，{needed}，放不下全部视频；会边阅卷边腾出空间。"
        return Finding("disk", "磁盘", Light.AMBER, said, clean)
    return Finding("disk", "磁盘", Light.GREEN, f"本机硬盘，{free}，够用。")


def restore(boots_survived: int, guards: tuple[str, ...]) -> Finding:
    """Is everything written here gone after the next start, as in many school computer rooms?

    `boots_survived`: earlier starts of the PC whose traces are still in the data folder; that is
    the proof. `guards`: restore programs that are installed.
    """
    named = "、".join(guards)
    if boots_survived:
        said = f"数据经历过 {boots_survived} 次开机，仍然保留。"
        return Finding("restore", "还原保护", Light.GREEN, said)
    check = "重启一次电脑再检查：数据还在，这一项就会变绿。"
    if guards:
        said = f"本机装有还原软件（{named}），重启后评分和视频可能全部消失。"
        remedy = f"请机房管理员把数据目录所在的盘设为不还原（或临时停用还原）。然后{check}"
        return Finding("restore", "还原保护", Light.RED, said, remedy)
    said = "还没有经历过重启，不能确定这块盘是否受还原卡保护。"
    return Finding("restore", "还原保护", Light.AMBER, said, check)


def antivirus(found: tuple[str, ...], program: str, folder: str) -> Finding:
    if not found:
        return Finding("antivirus", "杀毒软件", Light.GREEN, "没有发现常见的第三方杀毒软件。")
    named = "、".join(found)
    remedy = f"在它的信任区（白名单）里加入 {program} 和 {folder}，避免误删程序或锁住文件。"
    return Finding("antivirus", "杀毒软件", Light.AMBER, f"本机装有 {named}。", remedy)


def hub(seen: HubLook) -> Finding:
    said, remedy = {
        HubState.NOT_ENROLLED: ("还没有接入市级中心。", "在本机浏览器打开 /setup，输入接入码。"),
        HubState.AWAY: (
            f"连不上市级中心 {seen.url}：{seen.problem}。已下发的任务可以继续阅，评分保存在本机。",
            "检查本机外网、代理和学校防火墙；仍不行请联系市级管理员。",
        ),
        HubState.NOT_A_HUB: (
            f"{seen.url} 的回答不是市级中心（{seen.problem}），可能被上网认证页或过滤网关拦住了。",
            "在本机浏览器完成上网认证，或请网管对市级中心的地址放行。",
        ),
        HubState.BAD_CERTIFICATE: (
            f"市级中心的证书没有通过验证：{seen.problem}。本机时间是 {seen.local_time}。",
            "先校准本机的日期和时间；时间正确仍不行，请告诉市级管理员，不要绕过验证。",
        ),
        HubState.WELL: (f"市级中心 {seen.url} 应答正常。", ""),
    }[seen.state]
    light = Light.GREEN if seen.state is HubState.WELL else Light.RED
    if seen.state is HubState.AWAY:
        light = Light.AMBER
    return Finding("hub", "市级中心", light, said, remedy)


def certificate(seen: HubLook) -> Finding | None:
    """None where there is nothing to say of it."""
    if seen.state is not HubState.WELL:
        return None
    title = "证书"
    if not seen.url.startswith("https:"):
        said = "与市级中心之间用的是 http，没有加密。"
        remedy = "请市级管理员为市级中心配置 https 后，用新地址重新接入。"
        return Finding("certificate", title, Light.AMBER, said, remedy)
    if seen.certificate_left is None:
        return None
    days = seen.certificate_left.days
    if seen.certificate_left < CERTIFICATE_LEFT_MIN:
        said = f"市级中心的证书 {days} 天后到期。"
        return Finding("certificate", title, Light.AMBER, said, "请提醒市级管理员更换证书。")
    return Finding("certificate", title, Light.GREEN, f"证书有效，还有 {days} 天。")


def clock(ahead: timedelta | None) -> Finding | None:
    """None where the hub's time is not known."""
    if ahead is None:
        return None
    seconds = abs(round(ahead.total_seconds()))
    if abs(ahead) <= CLOCK_OFF_MAX:
        return Finding("clock", "时钟", Light.GREEN, f"与市级中心相差 {seconds} 秒。")
    way = "慢" if ahead > timedelta() else "快"
    size = f"{seconds // 60} 分钟" if seconds < 7200 else f"{seconds // 3600} 小时"
    said = f"本机时间比市级中心{way}约 {size}。评分不受影响，但页面上的时间不对。"
    remedy = "在系统的日期和时间设置里立即同步；关机后又不对，请更换主板电池。"
    return Finding("clock", "时钟", Light.AMBER, said, remedy)


def sqlite(version: tuple[int, ...], damage: str) -> Finding:
    """`damage`: what SQLite's own check of the database said; empty: whole, or none yet."""
    text = ".".join(map(str, version))
    if version < SQLITE_MIN:
        said = f"SQLite 版本 {text} 太旧。"
        return Finding(
            "sqlite", "数据库", Light.RED, said, "请使用发布的程序包，不要更换其中的文件。"
        )
    if damage:
        said = f"数据库文件损坏：{damage}。"
        remedy = (
            "停止服务，把 node.db、node.db-wal、node.db-shm 一起移到别处（不要删除），"
            "再用新的接入码 re-enrol；有镜像文件的加 --mirror。"
        )
        return Finding("sqlite", "数据库", Light.RED, said, remedy)
    why = "" if version >= SQLITE_SOUND else "（旧版本的缺陷已用单一写入连接避开）"
    return Finding("sqlite", "数据库", Light.GREEN, f"数据库完好，SQLite {text}{why}。")


def sleep(minutes: int | None, command: str) -> Finding:
    """`minutes` until the PC sleeps on mains power: 0 never, None not known; `command` of an
    administrator that ends it.
    """
    if minutes == 0:
        return Finding("sleep", "睡眠", Light.GREEN, "接电源时不会自动睡眠。")
    said = (
        "无法读取睡眠设置。"
        if minutes is None
        else f"闲置 {minutes} 分钟后本机会睡眠，阅卷会中断。"
    )
    remedy = f"在电源设置里把“接通电源时睡眠”改为“从不”，或以管理员身份运行：{command}"
    return Finding("sleep", "睡眠", Light.AMBER, said, remedy)


def autostart(is_installed: bool | None) -> Finding | None:
    """None where this system has no such thing."""
    if is_installed is None:
        return None
    if is_installed:
        return Finding("autostart", "开机运行", Light.GREEN, "已设为开机自动运行。")
    said = "没有设为开机自动运行：关掉窗口或重启后，服务就停了。"
    remedy = "以管理员身份运行 shengping-node install；不能安装的机房，请不要关闭运行窗口。"
    return Finding("autostart", "开机运行", Light.AMBER, said, remedy)

"""What installing and uninstalling mean on each system: the steps, to be taken again at will."""

import logging
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from node.launcher.home import PROGRAM, Home
from node.machine.asking import ask
from node.machine.linux import UNIT, UNIT_FILE
from node.machine.steps import Step, take
from node.machine.windows import RULE, TASK
from node.machine.windows_task import LOCAL_SERVICE, task_xml

if sys.platform == "win32":
    import ctypes

SYSTEM, ADMINISTRATORS = "S-1-5-18", "S-1-5-32-544"
USER = "shengping"
WRITABLE = {"logs": "允许服务写启动日志", "app": "允许服务放入新版本（在页面上更新）"}
"""Folders beside the launcher, which itself only an administrator may change."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything goes."""

    source: Path
    """The unpacked folder that `install` runs from."""
    home: Path
    data: Path
    port: int

    @property
    def launcher(self) -> Path:
        return self.home / PROGRAM


def usual_home() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMFILES", r"C:\Program Files")) / "Shengping"
    return Path("/opt/shengping-node")


def usual_data() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "Shengping" / "node"
    return Path("/var/lib/shengping-node")


def is_administrator() -> bool:
    if sys.platform == "win32":
        return bool(ctypes.windll.shell32.IsUserAnAdmin())
    return os.geteuid() == 0


def windows_steps(place: Place) -> list[Step]:
    full, change = "(OI)(CI)F", "(OI)(CI)M"
    grants = (f"*{SYSTEM}:{full}", f"*{ADMINISTRATORS}:{full}", f"*{LOCAL_SERVICE}:{change}")
    return [
        Step("停止正在运行的服务", ("schtasks", "/end", "/tn", TASK), may_fail=True),
        Step(f"复制程序到 {place.home}", lambda: copy_program(place)),
        Step(f"建立数据目录 {place.data}", lambda: remember_data(place)),
        Step(
            "只让本服务和管理员读写数据目录",
            ("icacls", str(place.data), "/inheritance:r", "/grant:r", *grants),
        ),
        Step(
            "允许服务记录运行的版本",
            ("icacls", str(place.home / "current.txt"), "/grant", f"*{LOCAL_SERVICE}:M"),
        ),
        *(
            Step(said, ("icacls", str(place.home / part), "/grant", f"*{LOCAL_SERVICE}:{change}"))
            for part, said in WRITABLE.items()
        ),
        *windows_firewall(place.port),
        Step("设为开机自动运行", lambda: register_task(place)),
        Step("启动服务", ("schtasks", "/run", "/tn", TASK)),
    ]


def windows_firewall(port: int) -> list[Step]:
    netsh, rule = ("netsh", "advfirewall", "firewall"), f"name={RULE}"
    # The program's path changes with every version; the port does not.
    lets_in = ("protocol=TCP", f"localport={port}", "profile=any", "remoteip=localsubnet")
    add = (*netsh, "add", "rule", rule, "dir=in", "action=allow", *lets_in)
    return [
        Step("删除旧的防火墙规则", (*netsh, "delete", "rule", rule), may_fail=True),
        Step(f"防火墙放行本网段访问端口 {port}", add, may_fail=True),
    ]


def open_new_port(port: int) -> None:
    """Where this program may: a service may not, and then the page says who can."""
    if sys.platform == "win32" and is_administrator():
        take(windows_firewall(port), log.info)


def windows_undoing() -> list[Step]:
    rule = ("netsh", "advfirewall", "firewall", "delete", "rule", f"name={RULE}")
    return [
        Step("停止服务", ("schtasks", "/end", "/tn", TASK), may_fail=True),
        Step("取消开机自动运行", ("schtasks", "/delete", "/tn", TASK, "/f"), may_fail=True),
        Step("删除防火墙规则", rule, may_fail=True),
    ]


def linux_steps(place: Place) -> list[Step]:
    data = str(place.data)
    return [
        Step(
            f"建立系统用户 {USER}",
            ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER),
            # It may be there already.
            may_fail=True,
        ),
        Step("停止正在运行的服务", ("systemctl", "stop", UNIT), may_fail=True),
        Step(f"复制程序到 {place.home}", lambda: copy_program(place)),
        Step(f"建立数据目录 {place.data}", lambda: remember_data(place)),
        Step("数据目录归本服务所有", ("chown", "-R", f"{USER}:{USER}", data)),
        Step("只让本服务读写数据目录", ("chmod", "o-rwx", data)),
        *(
            Step(said, ("chown", "-R", USER, str(place.home / part)))
            for part, said in ({"current.txt": "允许服务记录运行的版本"} | WRITABLE).items()
        ),
        *linux_firewall(place.port),
        Step(f"写入 {UNIT_FILE}", lambda: UNIT_FILE.write_text(unit(place), "utf-8")),
        Step("读入服务配置", ("systemctl", "daemon-reload")),
        Step("设为开机自动运行并启动", ("systemctl", "enable", "--now", UNIT)),
    ]


def linux_firewall(port: int) -> list[Step]:
    """Of the two that are common, the one that is there."""
    add = ("firewall-cmd", "--permanent", f"--add-port={port}/tcp")
    return [
        Step(f"firewalld 放行端口 {port}", add, may_fail=True),
        Step("firewalld 读入规则", ("firewall-cmd", "--reload"), may_fail=True),
        Step(f"ufw 放行端口 {port}", ("ufw", "allow", f"{port}/tcp"), may_fail=True),
    ]


def linux_undoing() -> list[Step]:
    return [
        Step("停止服务，取消开机自动运行", ("systemctl", "disable", "--now", UNIT), may_fail=True),
        Step(f"删除 {UNIT_FILE}", lambda: UNIT_FILE.unlink(missing_ok=True)),
        Step("读入服务配置", ("systemctl", "daemon-reload"), may_fail=True),
    ]


def unit(place: Place) -> str:
    return f"""[Unit]
Description=Shengping node (声评区县节点)
After=network.target

[Service]
ExecStart="{place.launcher}" run --data "{place.data}"
WorkingDirectory={place.home}
User={USER}
Restart=always
RestartSec=5
TimeoutStopSec=30
KillMode=mixed
NoNewPrivileges=true
ProtectSystem=strict
ReadWritePaths="{place.data}" "{place.home}"
PrivateTmp=true
AmbientCapabilities=CAP_NET_BIND_SERVICE

[Install]
WantedBy=multi-user.target
"""


def copy_program(place: Place) -> None:
    """Installed before: the version that was proven there stays the one to fall back to."""
    (place.home / "logs").mkdir(parents=True, exist_ok=True)
    if place.source.resolve() == place.home.resolve():
        return
    home = Home(place.home)
    proven = home.pointer().proven if home.versions() else ""
    leave = shutil.ignore_patterns("data", "data.txt", "logs")
    shutil.copytree(place.source, place.home, dirs_exist_ok=True, ignore=leave)
    home.point(Home(place.source).pointer().current, proven)


def remember_data(place: Place) -> None:
    place.data.mkdir(parents=True, exist_ok=True)
    (place.home / "data.txt").write_text(f"{place.data}\n", "utf-8")


def register_task(place: Place) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        described = Path(scratch) / "task.xml"
        described.write_text(task_xml(place.launcher, place.data), "utf-16")
        command = ("schtasks", "/create", "/tn", TASK, "/xml", str(described), "/f")
        said = ask(*command)
        if not said.is_good:
            raise OSError(said.text.strip() or f"schtasks {said.code}")

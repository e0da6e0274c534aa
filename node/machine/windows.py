"""What a Windows PC says of itself."""

import re
import sys
import tempfile
import time
from pathlib import Path

from node.machine.asking import ask

if sys.platform == "win32":
    import ctypes
    import winreg

RULE = "Shengping node"
"""The firewall rule's name: ASCII, since netsh reads it in the console's code page."""
TASK = "Shengping node"
STAY_AWAKE = "powercfg /change standby-timeout-ac 0"

RESTORE_SERVICES = {
    "DFServ": "冰点还原",
    "DeepFrz": "冰点还原",
    "diskpt": "Shadow Defender",
    "PowerShadow": "影子系统",
    "uwfvol": "Windows 统一写入筛选器",
}
"""Those whose service names are known; whatever is missing here, the reboot shows."""
ANTIVIRUS_SERVICES = {
    "ZhuDongFangYu": "360",
    "360rp": "360",
    "HipsDaemon": "火绒",
    "QQPCRTP": "腾讯电脑管家",
    "kxescore": "金山毒霸",
}
CLOUD_FOLDERS = ("onedrive", "坚果云", "nutstore", "百度网盘", "baidunetdisk")
_DRIVES = {2: "removable", 3: "fixed", 4: "network", 5: "removable", 6: "memory"}
_BOOTS = r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"
_SERVICES = r"SYSTEM\CurrentControlSet\Services"
_OTHERS = re.compile(r"\(A;[^)]*;;;(WD|BU|AU|IU)\)")
"""SDDL of an allowance for everyone, users, authenticated or interactive users."""
_HEX = re.compile(r"0x([0-9a-fA-F]{8})")


def boot_id() -> str:
    """Windows counts its starts; where it does not, the moment of the start, to ten minutes."""
    if sys.platform == "win32":
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _BOOTS) as key:
                return f"boot-{winreg.QueryValueEx(key, 'BootId')[0]}"
        except OSError:
            up_ms = ctypes.windll.kernel32.GetTickCount64
            up_ms.restype = ctypes.c_ulonglong
            return f"since-{round((time.time() - up_ms() / 1000) / 600)}"
    return "unknown"


def disk_kind(folder: Path) -> str:
    if any(part.lower().startswith(CLOUD_FOLDERS) for part in folder.parts):
        return "synced"
    if folder.anchor.startswith("\\\\"):
        return "network"
    if sys.platform == "win32":
        return _DRIVES.get(ctypes.windll.kernel32.GetDriveTypeW(folder.anchor), "unknown")
    return "unknown"


def firewall_is_open(port: int) -> bool | None:
    said = ask("netsh", "advfirewall", "firewall", "show", "rule", f"name={RULE}")
    return said.is_good and re.search(rf"\b{port}\b", said.text) is not None


def sleeps_after_min() -> int | None:
    said = ask("powercfg", "/query", "SCHEME_CURRENT", "SUB_SLEEP", "STANDBYIDLE")
    return minutes_on_mains(said.text) if said.is_good else None


def minutes_on_mains(text: str) -> int | None:
    """The last two numbers are the seconds on mains and on battery, in whatever language."""
    numbers = _HEX.findall(text)
    return None if len(numbers) < 2 else -(-int(numbers[-2], 16) // 60)


def starts_by_itself() -> bool | None:
    return ask("schtasks", "/query", "/tn", TASK).is_good


def is_private(folder: Path) -> bool | None:
    with tempfile.TemporaryDirectory() as scratch:
        saved = Path(scratch) / "acl"
        ask("icacls", str(folder), "/save", str(saved))
        try:
            return others_may_not(saved.read_bytes().decode("utf-16"))
        except (OSError, UnicodeError):
            return None


def others_may_not(sddl: str) -> bool:
    return _OTHERS.search(sddl) is None


def restore_programs() -> tuple[str, ...]:
    return _installed(RESTORE_SERVICES)


def antivirus_programs() -> tuple[str, ...]:
    return _installed(ANTIVIRUS_SERVICES)


def _installed(services: dict[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for key, name in services.items() if _has_service(key)))


def _has_service(name: str) -> bool:
    if sys.platform == "win32":
        try:
            winreg.CloseKey(winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, f"{_SERVICES}\\{name}"))
        except OSError:
            return False
        return True
    return False

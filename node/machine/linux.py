"""What a Linux PC says of itself."""

from pathlib import Path

from node.machine.asking import ask

UNIT = "shengping-node"
STAY_AWAKE = "systemctl mask sleep.target"
UNIT_FILE = Path("/etc/systemd/system") / f"{UNIT}.service"

_KINDS = {
    "nfs": "network",
    "nfs4": "network",
    "cifs": "network",
    "smb3": "network",
    "fuse.sshfs": "network",
    "tmpfs": "memory",
    "ramfs": "memory",
}


def boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def disk_kind(folder: Path, mounts: str | None = None) -> str:
    """`mounts`: as /proc/self/mounts has it."""
    if mounts is None:
        try:
            mounts = Path("/proc/self/mounts").read_text()
        except OSError:
            return "unknown"
    best, kind = -1, "unknown"
    for line in mounts.splitlines():
        _, point, filesystem, *_ = line.split()
        point = point.replace("\\040", " ")
        if folder.is_relative_to(point) and len(Path(point).parts) >= best:
            best, kind = len(Path(point).parts), _KINDS.get(filesystem, "fixed")
    return kind


def firewall_is_open(port: int) -> bool | None:
    """None: only the administrator could tell."""
    if ask("firewall-cmd", "--state").is_good:
        return ask("firewall-cmd", f"--query-port={port}/tcp").is_good
    try:
        is_on = "ENABLED=yes" in Path("/etc/ufw/ufw.conf").read_text()
    except OSError:
        is_on = False
    return None if is_on else True


def sleeps_after_min() -> int | None:
    if "masked" in ask("systemctl", "is-enabled", "sleep.target").text:
        return 0
    # Without a desktop nothing puts it to sleep by itself.
    return None if "graphical" in ask("systemctl", "get-default").text else 0


def starts_by_itself() -> bool | None:
    if not ask("systemctl", "--version").is_good:
        return None
    return ask("systemctl", "is-enabled", UNIT).is_good


def is_private(folder: Path) -> bool | None:
    return folder.stat().st_mode & 0o007 == 0


def restore_programs() -> tuple[str, ...]:
    return ()


def antivirus_programs() -> tuple[str, ...]:
    return ()

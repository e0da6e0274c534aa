"""Which packed programs the city has published, and how their zips are named."""

import re

import msgspec

_NAME = re.compile(r"shengping-node-(\d{1,5}(?:\.\d{1,5}){1,3})-([a-z]+-[a-z0-9_]+)\.zip", re.ASCII)
_SYSTEMS = {"win32": "windows", "darwin": "macos"}
_MACHINES = {"AMD64": "x86_64"}


class ReleasesRequest(msgspec.Struct):
    """All of them: there is nothing to choose."""


class Release(msgspec.Struct, frozen=True):
    name: str
    """Of the zip."""
    sha256: str
    bytes: int = 0
    """0: the city tells its hash, and has no copy to give."""

    @property
    def version(self) -> tuple[int, ...]:
        """Of the node's program that is inside; empty where the name says something else."""
        found = _NAME.fullmatch(self.name)
        return tuple(map(int, found.group(1).split("."))) if found else ()

    def is_for(self, platform: str) -> bool:
        found = _NAME.fullmatch(self.name)
        return found is not None and found.group(2) == platform


class ReleasesAnswer(msgspec.Struct):
    releases: list[Release]
    server_time: str


def platform_name(system: str, machine: str) -> str:
    """As it stands in a zip's name, for what sys.platform and platform.machine() say."""
    return f"{_SYSTEMS.get(system, 'linux')}-{_MACHINES.get(machine, machine)}"

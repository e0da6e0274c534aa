"""Two network namespaces and the shaped wire between them, whose interfaces count the bytes."""

import ctypes
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWNET = 0x40000000
HUB_ADDRESS, NODE_ADDRESS = "10.77.0.1", "10.77.0.2"
_INTERFACE = "wire"


class NoWires(Exception):
    """This machine does not let us make network namespaces; says why."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Bytes at the node's interface, in both directions."""

    received: int
    sent: int

    @property
    def total(self) -> int:
        return self.received + self.sent

    def since(self, before: "Counted") -> "Counted":
        return Counted(self.received - before.received, self.sent - before.sent)


@dataclass(frozen=True, slots=True)
class Wire:
    hub: str
    node: str
    """Names of the two namespaces."""

    def counted(self) -> Counted:
        said = _do("ip", "-n", self.node, "-s", "-j", "link", "show", "dev", _INTERFACE)
        stats = json.loads(said)[0]["stats64"]
        return Counted(stats["rx"]["bytes"], stats["tx"]["bytes"])

    def cut(self) -> None:
        _do("ip", "-n", self.node, "link", "set", _INTERFACE, "down")

    def mend(self) -> None:
        _do("ip", "-n", self.node, "link", "set", _INTERFACE, "up")


@contextmanager
def a_wire(mbit: int) -> Iterator[Wire]:
    if os.geteuid() != 0 or not (shutil.which("ip") and shutil.which("tc")):
        raise NoWires("it takes root, and the programs ip and tc (Debian package iproute2)")
    wire = Wire(f"sp-hub-{os.getpid()}", f"sp-node-{os.getpid()}")
    try:
        for name in (wire.hub, wire.node):
            _do("ip", "netns", "add", name)
            _do("ip", "-n", name, "link", "set", "lo", "up")
        ends = ("netns", wire.hub, "type", "veth", "peer", "name", _INTERFACE, "netns", wire.node)
        _do("ip", "link", "add", _INTERFACE, *ends)
        for name, address in ((wire.hub, HUB_ADDRESS), (wire.node, NODE_ADDRESS)):
            _do("ip", "-n", name, "address", "add", f"{address}/24", "dev", _INTERFACE)
            _do("ip", "-n", name, "link", "set", _INTERFACE, "up")
            shape = ("rate", f"{mbit}mbit", "burst", "256kb", "latency", "50ms")
            _do("tc", "-n", name, "qdisc", "add", "dev", _INTERFACE, "root", "tbf", *shape)
        yield wire
    finally:
        for name in (wire.hub, wire.node):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """This thread's new sockets, and the programs it starts, are in that namespace."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _enter(Path("/run/netns", namespace))
        try:
            yield
        finally:
            _set(before)
    finally:
        os.close(before)


def _enter(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _set(descriptor)
    finally:
        os.close(descriptor)


def _set(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _do(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        raise NoWires(f"{' '.join(command)}: {ran.stderr.strip()}")
    return ran.stdout

"""Where other PCs of the lab find this one."""

import socket

LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""How this PC reaches what listens on all its addresses."""


def lan_address() -> str:
    """The address that other PCs of the lab most likely reach this one by; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"

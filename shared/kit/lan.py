"""Where other PCs of the lab find this one."""

import socket


def lan_address() -> str:
    """The address that other PCs of the lab most likely reach this one by; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"

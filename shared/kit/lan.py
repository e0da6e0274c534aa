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


def lan_addresses() -> list[str]:
    """All IPv4 addresses of this PC but its own name for itself, the likeliest first."""
    likely = lan_address()
    try:
        known = socket.gethostbyname_ex(socket.gethostname())[2]
    except OSError:
        known = []
    others = [a for a in known if a != likely and not a.startswith(("127.", "169.254."))]
    return [likely, *others]

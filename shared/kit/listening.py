"""The socket a program listens on."""

import socket
import sys

from shared.kit.refusal import Refusal


def bind(host: str, port: int) -> socket.socket:
    """uvicorn's own socket would let two live programs share one port on Windows."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, the protocol is known to be TCP: only then does asyncio send small answers at once
    # instead of waiting up to 40 ms for more.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":
        # Elsewhere it only lets a restart take the port at once.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise Refusal(
            "port_in_use",
            f"无法使用 {host} 的端口 {port}：可能已被别的程序占用。请用 --port 换一个端口。",
        ) from error
    return listening

"""One log that a technician can send us: a rotating file, and the console; no phone in full."""

import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

FILE_BYTES_MAX = 5_000_000
FILES_KEPT = 5

_PHONE = re.compile(r"(?<!\d)(1\d{2})\d{4}(\d{4})(?!\d)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def start(data: Path, name: str, level: int = logging.INFO) -> Path:
    """Everything logged goes to data/logs/NAME.log and to the console, if there is one."""
    path = data / "logs" / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        RotatingFileHandler(
            path, maxBytes=FILE_BYTES_MAX, backupCount=FILES_KEPT, encoding="utf-8", delay=True
        )
    ]
    # A windowed program on Windows has no console.
    if sys.stderr is not None:
        handlers.append(logging.StreamHandler(sys.stderr))
    root = logging.getLogger()
    for old in [h for h in root.handlers if getattr(h, "is_ours", False)]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(_Discreet("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        handler.is_ours = True  # type: ignore[attr-defined]
        root.addHandler(handler)
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "apscheduler"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return path


class _Discreet(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return discreet(super().format(record))


def discreet(text: str) -> str:
    """Phones masked, control characters out."""
    return _CONTROL.sub("", _PHONE.sub(r"\1****\2", text))

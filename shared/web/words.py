"""How pages write values: shares, numbers, times, phones, sizes; "--" where there is nothing."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.kit.clock import parse_stamp

NOTHING = "--"


def share(done: float, total: float) -> str:
    """80.9%; never 100.0% while something is left."""
    if not total:
        return NOTHING
    percent = 100 * done / total
    if done < total:
        percent = min(percent, 99.9)
    return f"{percent:.1f}%"


def number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def clock(moment: datetime | str | None) -> str:
    """13:05:20, in the time of this machine."""
    return _local(moment, "%H:%M:%S")


def day_clock(moment: datetime | str | None) -> str:
    """04-12 17:30."""
    return _local(moment, "%m-%d %H:%M")


def full_clock(moment: datetime | str | None) -> str:
    return _local(moment, "%Y-%m-%d %H:%M:%S")


def phone(text: str) -> str:
    """19900000001 as 199****0001."""
    return f"{text[:3]}****{text[-4:]}" if len(text) >= 8 else "****"


def size(count: float | None) -> str:
    if count is None:
        return NOTHING
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit in ("B", "KB") else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def duration(seconds: float | None) -> str:
    """How long, in the largest unit that fits: 6 分钟."""
    if seconds is None:
        return NOTHING
    for length, unit in ((86_400, "天"), (3_600, "小时"), (60, "分钟")):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} 秒"


def _local(moment: datetime | str | None, form: str) -> str:
    if not moment:
        return NOTHING
    if isinstance(moment, str):
        moment = parse_stamp(moment)
    return moment.astimezone().strftime(form)


FILTERS: dict[str, Callable[..., Any]] = {
    "share": share,
    "number": number,
    "clock": clock,
    "day_clock": day_clock,
    "full_clock": full_clock,
    "phone": phone,
    "size": size,
    "duration": duration,
}

"""The only clock: UTC as ISO text in the databases, local time on the pages."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment as the databases keep it: UTC, milliseconds, sortable as text."""
    # Five times as fast as strftime, and every event is stamped several times.
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_stamp(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))

"""The hub's time as the node reckons it: a school's PC may be hours off."""

from datetime import UTC, datetime, timedelta

from shared.kit.clock import parse_stamp


class HubClock:
    """Keeps how far the hub is ahead of this PC."""

    def __init__(self) -> None:
        self._offset = timedelta()

    @property
    def offset_ms(self) -> int:
        return round(self._offset / timedelta(milliseconds=1))

    def at_hub(self, local: datetime) -> datetime:
        try:
            return local + self._offset
        except OverflowError:
            return local

    def learn(self, server_time: str, received: datetime, rtt_s: float) -> None:
        """The hub wrote `server_time` about half a round trip before `received`."""
        try:
            hub_now = parse_stamp(server_time).astimezone(UTC) + timedelta(seconds=rtt_s / 2)
        except (ValueError, OverflowError):
            return
        self._offset = hub_now - received

"""Two programs with one node's identity: their runs speak in turn, which one program's never do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WITHIN = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Heard:
    boot_id: str
    at: datetime


class Boots:
    """The last two runs of each node's program, as they were heard of."""

    def __init__(self) -> None:
        self._heard: dict[int, tuple[Heard, Heard | None]] = {}

    def hear(self, node_id: int, boot_id: str, moment: datetime) -> bool:
        """True when a run speaks again after another one: both are alive."""
        if not boot_id:
            return False
        now = Heard(boot_id, moment)
        last, before = self._heard.get(node_id, (now, None))
        if last.boot_id == boot_id:
            self._heard[node_id] = (now, before)
            return False
        self._heard[node_id] = (now, last)
        return before is not None and before.boot_id == boot_id and moment - before.at <= WITHIN

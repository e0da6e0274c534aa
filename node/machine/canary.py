"""A bird in the data folder: which starts of this PC the folder has outlived.

In many school computer rooms a card or a program puts the disk back at every start. That the
folder still knows of an earlier start is the proof that it is not so here.
"""

import json
import os
from datetime import datetime
from pathlib import Path

from shared.kit.clock import stamp
from shared.kit.files import replace

NAME = "canary.json"
KEPT = 20


def sing(data: Path, boot_id: str, moment: datetime) -> None:
    """Note that the PC, started as `boot_id`, has had this folder."""
    boots = heard(data)
    if boot_id in boots:
        return
    boots[boot_id] = stamp(moment)
    latest = dict(list(boots.items())[-KEPT:])
    data.mkdir(parents=True, exist_ok=True)
    part = data / f"{NAME}.part"
    with part.open("w", encoding="utf-8") as file:
        json.dump(latest, file)
        file.flush()
        os.fsync(file.fileno())
    replace(part, data / NAME)


def heard(data: Path) -> dict[str, str]:
    """boot id -> when it was first noted, oldest first."""
    try:
        told = json.loads((data / NAME).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(boot): str(at) for boot, at in told.items()} if isinstance(told, dict) else {}


def boots_survived(data: Path, boot_id: str) -> int:
    return len(heard(data).keys() - {boot_id})

"""Ids made where a thing is born: 128 bits, ordered by time, as 32 hex digits."""

import os
import re
from datetime import datetime

_ID = re.compile("[0-9a-f]{32}")


def new_id(moment: datetime) -> str:
    """48 bits of Unix milliseconds, then 80 random bits.

    Time-ordered ids keep inserts at the end of an index, which a random key does not.
    """
    return f"{int(moment.timestamp() * 1000):012x}{os.urandom(10).hex()}"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None

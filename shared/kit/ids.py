"""Ids made where a thing is born: 128 bits, ordered by time, as 32 hex digits."""

import os
from datetime import datetime


def new_id(moment: datetime) -> str:
    """48 bits of Unix milliseconds, then 80 random bits.

    Time-ordered ids keep inserts at the end of an index, which a random key does not.
    """
    return f"{int(moment.timestamp() * 1000):012x}{os.urandom(10).hex()}"


def is_id(text: str) -> bool:
    return len(text) == 32 and set(text) <= set("0123456789abcdef")

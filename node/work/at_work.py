"""Who is marking right now: what would interrupt them is asked about first."""

from datetime import datetime, timedelta

from sqlite_utils import Database

from node.store import accounts, sessions
from shared.rules.rubric import Role

HEARD_OF = timedelta(minutes=10)
"""A page of a PC that is not put away is heard of every few seconds."""


def marking_now(db: Database, moment: datetime) -> int:
    """So many people."""
    online = sessions.online(db, moment - HEARD_OF)
    marks = {a.id for a in accounts.everyone(db) if a.role in (Role.MARKER, Role.LEADER)}
    return len(online.keys() & marks)

"""What a district's lead asks the city for, as an event like any other."""

from typing import Literal

from shared.wire.messages import Moment, Strict

RequestKind = Literal["replace", "shift", "other"]
REQUEST_CHARACTERS_MAX = 500


class RequestBody(Strict):
    """kind "request", v 1: a district's lead asks the city for something."""

    kind: RequestKind
    """replace a teacher by another one; shift a teacher's open tasks to others; anything else."""
    account_id: int
    """Whom it is about; 0: nobody."""
    new_name: str
    new_phone: str
    text: str
    asked_by: int
    asked_at: Moment

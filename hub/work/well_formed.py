"""Is a body that claims to be a mark one at all: numbers, moment, levels, exception."""

from shared.kit.clock import parse_stamp
from shared.rules.rubric import MarkException, levels_from_text
from shared.wire.messages import MarkBody

INTEGER_MAX = 2**63 - 1
"""The largest that a database keeps."""


def is_well_formed(body: MarkBody) -> bool:
    numbers = (body.task_id, body.gen, body.account_id, body.spent_ms, body.heard_percent)
    if min(numbers) < 0 or max(numbers) > INTEGER_MAX or body.heard_percent > 100:
        return False
    try:
        parse_stamp(body.given_at)
        exception = MarkException(body.exception) if body.exception else None
        levels = levels_from_text(body.levels)
    except ValueError:
        return False
    if exception is None:
        return bool(levels)
    return not levels or exception is MarkException.INCOMPLETE

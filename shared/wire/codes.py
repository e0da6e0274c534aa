"""What the hub answers for each event; every code is final."""

from enum import StrEnum


class Code(StrEnum):
    APPLIED = "applied"
    DUPLICATE = "duplicate"
    """Seen before with the same body; the answer is the first one's."""
    SURPLUS = "surplus"
    """Kept, but the slot was filled by another mark: counts for nobody's progress."""
    REFUSED = "refused"
    """A revision that came too late: kept, and the earlier mark stands."""
    STALE_SITTING = "stale_sitting"
    """Of a trial that was wiped: acknowledged and dropped."""
    QUARANTINED = "quarantined"
    """Kept as it came, for a person to look at; counts for nothing."""

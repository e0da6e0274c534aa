"""What a city may decide about marking, with the defaults of the rules."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Literal

PHRASES = (
    *("唱的不是指定歌曲", "没有演唱，只有朗读", "歌词不是本题的"),
    *("声音太小，听不清", "伴奏盖过演唱", "多人演唱"),
)
PHRASES_MAX = 6
"""As many as the keys Alt+1 to Alt+6."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The policies of one exam; frozen when its formal sitting opens."""

    tolerance: int = 0
    """Two levels at most this far apart agree."""
    combine: Literal["higher", "lower", "mean"] = "higher"
    """The level of two marks that agree within a tolerance above 0."""
    three_distinct: Literal["leader", "median"] = "leader"
    """Three different levels: to the leader, or the median where the spread is 2."""
    home_district: Literal["exclude", "allow", "only"] = "exclude"
    placement: Literal["spread", "together"] = "spread"
    """Rounds 1 and 2 in different districts, or in the same one."""
    prefer_cached: bool = True
    leader_sees_marks: bool = True
    incomplete_may_be_scored: bool = True
    off_topic_needs_comment: bool = False
    """A mark flagged 题文不符 says in its comment what was sung instead."""
    comment_phrases: str = "；".join(PHRASES)
    """What markers put into a comment by one key; one from the other by "；"."""
    first_sign_in: Literal["change", "keep"] = "change"
    show_round: bool = True
    """Whether a marker is told that a task is of round 1 or 2."""
    heard_percent_min: int = 60
    """Below this share heard the page asks once before a mark is given."""
    trial_performances: int = 0
    """Performances per item group in a trial; 0 takes them all."""
    reference_every: int = 20
    """One reference clip among so many marks, and one first in each half-day; 0: none."""
    repeat_percent: int = 2
    """Share of the own marks that a marker is asked for again, without being told."""
    repeat_after: int = 20
    """So many marks lie at least between a mark and the second look at the same performance."""
    probe_feedback: bool = True
    """Whether markers see afterwards what was expected; leads and the city always do."""
    feedback_at_once: bool = False
    """Within a minute, as a training wants it; else after the half-day."""

    @property
    def phrases(self) -> tuple[str, ...]:
        parts = (part.strip() for part in self.comment_phrases.split("；"))
        return tuple(part for part in parts if part)[:PHRASES_MAX]


def policy_hash(policy: Policy) -> str:
    """Shown when a sitting opens: the same rules hold until it ends."""
    text = json.dumps(asdict(policy), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()

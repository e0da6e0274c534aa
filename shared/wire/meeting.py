"""The structs with which hub and node meet, compare what they hold, and give back what was lost."""

import msgspec

from shared.wire.messages import Moment, Strict
from shared.wire.paths import EVENTS_PER_PUSH

COMPARES_WHEN_ASKED = "compare_when_asked"
"""Among the caps of a node: it understands PullAnswer.compare."""
KNOWS_SEVERAL_NODES = "several_nodes"
"""It understands PullAnswer.nodes."""


class KnownSitting(msgspec.Struct, kw_only=True):
    """A sitting as a node knows it, for a hub that may have forgotten it; not strict either."""

    sitting: int
    kind: str
    state: str


class HelloRequest(msgspec.Struct, kw_only=True):
    """Not strict: what a later version adds must not keep it from being understood."""

    hub_id: str
    hub_inc: str
    node_inc: str
    boot_id: str
    """Of this run of the node's program."""
    acked_seq: int
    last_seq: int
    protocol_min: int
    protocol_max: int
    caps: list[str]
    app_version: str
    schema: int
    sittings: list[KnownSitting] = []


class HelloAnswer(msgspec.Struct, kw_only=True):
    """What shared.rules.hello needs of the hub; not strict, as the request."""

    hub_id: str
    hub_inc: str
    protocol_min: int
    protocol_max: int
    is_suspended: bool
    acked_seq: int
    chain: str
    server_time: Moment
    events_per_push: int = EVENTS_PER_PUSH
    """How many it takes at most; a hub of before says nothing."""


class HistoryRequest(Strict):
    after: str
    """The event_id of the last mark that came; empty for the first page."""


class MarkCard(Strict):
    """A mark that the hub holds, for a node that may have lost it."""

    event_id: str
    sitting: int
    task_id: int
    account_id: int
    gen: int
    levels: str
    exception: str
    comment: str
    revises: str
    spent_ms: int
    heard_percent: int
    given_at: Moment
    code: str
    """One of shared.wire.codes: what became of it."""
    is_standing: bool
    """No revision has replaced it, and it is none that was refused."""
    is_own: bool
    """Given on the node that asks, not on another of its district."""


class HistoryAnswer(Strict):
    marks: list[MarkCard]
    more: bool
    server_time: Moment


class Pile(Strict):
    """The marks of one sitting, round and item group on one node, see shared.wire.digest."""

    sitting: int
    round: int
    group_id: int
    count: int
    buckets: list[str]


class CompareRequest(Strict):
    """What the node holds of the events up to `acked_seq`."""

    node_inc: str
    acked_seq: int
    piles: list[Pile]


class Difference(Strict):
    """A pile that is not the same on both sides, and the hub's marks in its unequal buckets."""

    sitting: int
    round: int
    group_id: int
    buckets: list[int]
    event_ids: list[str]


class CompareAnswer(Strict):
    is_comparable: bool
    """False: events were on their way; compare again later."""
    differs: int
    """At least so many marks are on one side only; 0: both hold the same."""
    differences: list[Difference]
    server_time: Moment

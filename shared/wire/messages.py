"""The structs hub and node exchange; JSON on the wire."""

from typing import Literal

import msgspec

Moment = str
"""UTC as ISO text, see shared.kit.clock.stamp."""


class Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body that is refused before our code runs when it holds anything unknown."""


# --- enrolment -----------------------------------------------------------------------------


class EnrolRequest(Strict):
    code: str
    enrol_nonce: str
    node_inc: str
    app_version: str
    protocol: int


class EnrolAnswer(Strict):
    node_id: int
    node_name: str
    district: str
    hub_id: str
    hub_inc: str
    secret: str


# --- uplink: the envelope is frozen for ever, bodies carry their own version ----------------


class Event(Strict):
    """`body` is one of the bodies below, as JSON text, so that its hash never changes."""

    event_id: str
    sitting: int
    kind: str
    v: int
    body: str


class PushRequest(Strict):
    """Events of one life of the node's database, contiguous from `from_seq`."""

    node_inc: str
    from_seq: int
    events: list[Event]
    chain: str
    """Chain hash after the last of `events`, see shared.wire.chain."""


class EventResult(Strict, omit_defaults=True):
    event_id: str
    code: str
    """One of shared.wire.codes."""
    reason: str = ""
    """Chinese, for the person whose event was refused."""


class PushAnswer(Strict):
    hub_inc: str
    acked_seq: int
    chain: str
    results: list[EventResult]
    server_time: Moment


class PushGap(Strict):
    """409: the batch does not follow on what the hub holds; send again from here."""

    expected_seq: int
    """0: it belongs to another history than the hub knows; the node begins a new life."""


class MarkBody(Strict):
    """kind "mark", v 1: what a marker submitted for a task."""

    task_id: int
    gen: int
    account_id: int
    levels: str
    """shared.rules.rubric.levels_to_text: six of "3210-"."""
    given_at: Moment
    spent_ms: int
    heard_percent: int
    exception: str = ""
    comment: str = ""
    revises: str = ""
    """event_id of the mark that this one replaces."""
    seal: str = ""
    """The task's; by it a hub that was put back in time knows its own hand-out again."""


class ReceiptBody(Strict):
    """kind "receipt", v 1: an account has read an announcement."""

    announcement_id: int
    account_id: int
    read_at: Moment


class FaultBody(Strict):
    """kind "fault", v 1: a technical fault, which is no exception and no mark."""

    task_id: int
    account_id: int
    fault: Literal["unplayable", "no_sound"]
    reported_at: Moment


class PasswordBody(Strict):
    """kind "password", v 1: an account's password changed on this node."""

    account_id: int
    password_hash: str
    password_version: int


class HoldingBody(Strict):
    """kind "holding", v 1: videos that the node's cache gained and lost."""

    gained: list[str]
    lost: list[str]


class WipedBody(Strict):
    """kind "wiped", v 1: the node has dropped everything of a trial sitting."""

    sitting: int
    marks: int
    tasks: int


class PurgedBody(Strict):
    """kind "purged", v 1: the node has deleted all cached videos, as the city ordered."""

    ordered_at: Moment
    videos: int
    bytes: int


# --- downlink ------------------------------------------------------------------------------


class ExamCard(Strict, tag="exam"):
    name: str
    first_day: str
    last_day: str
    policies: dict[str, str | int | bool]
    archived: bool = False
    """The exam is over for good: nodes may let go of what the hub has confirmed."""
    purge: Moment = ""
    """When the city last ordered all cached videos to be deleted."""


class SittingCard(Strict, tag="sitting"):
    sitting: int
    kind: Literal["trial", "formal"]
    state: Literal["prepared", "open", "closed", "wiped"]
    wipe_at: Moment | None


class VideoCard(Strict):
    sha256: str
    bytes: int
    duration_ms: int
    peaks: str
    """Hex, two digits a peak (0-255), evenly over the whole length."""
    loudness_db: float


class GroupCard(Strict, tag="group"):
    """An item group with its rubric: descriptors[criterion][level as text] = words."""

    group_id: int
    stage: str
    item: str
    position: int
    descriptors: dict[str, dict[str, str]]
    lyrics: str = ""
    model: VideoCard | None = None
    """A model singing, which markers may listen to."""


class AccountCard(Strict, tag="account"):
    account_id: int
    phone: str
    name: str
    role: str
    scope: str | None
    """A stage, or None where the role has no scope."""
    password_hash: str | None
    """None: the initial password (the last four digits of the phone) still holds."""
    password_version: int
    state: Literal["active", "disabled"]


class EarlierMark(Strict):
    """What a round-4 leader sees of an earlier mark: no name, no district."""

    round: int
    levels: str
    exception: str = ""
    comment: str = ""


class TaskCard(Strict, tag="task"):
    task_id: int
    sitting: int
    gen: int
    performance: str
    """The performance's opaque code; all that a node ever learns of a student."""
    group_id: int
    round: int
    account_id: int
    criteria: int
    """Mask, see shared.rules.rubric.to_mask."""
    state: Literal["open", "done", "withdrawn"]
    locked: bool
    """A later round has begun: a mark for this task can no longer be revised."""
    position: int
    video: VideoCard
    earlier: list[EarlierMark] = []
    seal: str = ""
    """The hub's proof that it handed this out; goes back to it with the mark."""


class AnnouncementCard(Strict, tag="announcement"):
    announcement_id: int
    sitting: int | None
    kind: str
    """"manual", or a milestone of shared.rules.rounds."""
    strength: Literal["normal", "important", "blocking"]
    text: str
    roles: list[str]
    """Empty: for everyone."""
    published_at: Moment


FeedItem = ExamCard | SittingCard | GroupCard | AccountCard | TaskCard | AnnouncementCard


class RoundProgress(Strict):
    round: int
    total: int
    done: int


class PullAnswer(Strict, omit_defaults=True):
    """Everything after the cursor, at most a page of it; `more` says to ask again at once."""

    hub_inc: str
    after: int
    more: bool
    items: list[FeedItem]
    city: list[RoundProgress]
    city_done: list[str]
    """Milestones that are true now, see shared.rules.rounds."""
    server_time: Moment
    next_secret: str = ""
    """The node signs with it from now on; the first such request ends the one before."""
    compare: bool = False
    """The city waits for this node to compare its marks now. Only asked of whom understands it."""
    nodes: int = 1
    """Of the district: where it has several, each holds the videos of who signs in at it."""


class NodeStatus(Strict):
    """What a node says of itself with every pull (as a POST body)."""

    app_version: str
    pending_events: int
    videos_wanted: int
    """Still to come; those that are here or failed are counted apart."""
    videos_ready: int
    videos_failed: int
    cache_bytes: int
    disk_free_bytes: int
    people_online: int
    clock_offset_ms: int
    last_push_ms: int
    """From the first byte of a batch of events to the hub's answer."""
    last_problem: str = ""
    """Of the link, in Chinese; empty: none among the last exchanges."""
    last_problem_at: str = ""


class PullRequest(Strict):
    hub_inc: str
    after: int
    wait_s: float
    status: NodeStatus
    boot_id: str = ""
    """Of this run of the node's program: two in turn are two programs with one identity."""

"""What a node does when it meets the hub: one decision, from what both of them know."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    OK = "ok"
    RESEND = "resend"
    """The hub holds less of this history than it had confirmed: send again from there."""
    NEW_LIFE = "new_life"
    """The hub holds another history under this name: take a new one, and send everything."""
    SNAPSHOT = "snapshot"
    """The hub began a new life: take over everything it has, and drop what it does not name."""
    WAIT = "wait"
    """Somebody in the city has to decide first. What is to be sent is sent all the same."""
    UPDATE = "update"
    """The programs are too far apart for new work. What is to be sent is sent all the same."""


@dataclass(frozen=True, slots=True)
class Protocols:
    """The versions that a program speaks, both ends included."""

    least: int
    most: int

    def meet(self, other: "Protocols") -> bool:
        return max(self.least, other.least) <= min(self.most, other.most)


@dataclass(frozen=True, slots=True)
class HubSide:
    hub_id: str
    hub_inc: str
    protocols: Protocols
    is_suspended: bool
    """The node's credential is in dispute: two programs use it, or a retired one came back."""
    acked_seq: int
    """How far it holds this life of the node's database."""
    chain: str
    """The chain's hash there."""


@dataclass(frozen=True, slots=True)
class NodeSide:
    hub_id: str
    hub_inc: str
    protocols: Protocols
    acked_seq: int
    """How far the hub has confirmed."""
    chain_there: str | None
    """The own chain's hash at the hub's acked_seq; None where the own history is shorter."""


@dataclass(frozen=True, slots=True)
class Decision:
    action: Action
    resend_from: int = 0


def decide(hub: HubSide, node: NodeSide) -> Decision:
    """The first that applies. After a new life, a snapshot or sending again, both meet again."""
    if hub.hub_id != node.hub_id:
        return Decision(Action.WAIT)
    if not hub.protocols.meet(node.protocols):
        return Decision(Action.UPDATE)
    if hub.is_suspended:
        return Decision(Action.WAIT)
    if hub.hub_inc != node.hub_inc:
        return Decision(Action.SNAPSHOT)
    if node.chain_there != hub.chain:
        return Decision(Action.NEW_LIFE)
    if hub.acked_seq < node.acked_seq:
        return Decision(Action.RESEND, hub.acked_seq + 1)
    return Decision(Action.OK)

"""The hello table: every combination of what hub and node may know of each other."""

from itertools import product

import pytest

from shared.rules.hello import Action, Decision, HubSide, NodeSide, Protocols, decide

ONE = Protocols(1, 1)
HISTORY = {n: f"chain{n}" for n in range(6)}


def a_hub(
    acked: int = 3,
    chain: str = "chain3",
    *,
    id: str = "hub",
    inc: str = "1-a",
    protocols: Protocols = ONE,
    suspended: bool = False,
) -> HubSide:
    return HubSide(id, inc, protocols, suspended, acked, chain)


def a_node(hub: HubSide, acked: int = 3, last: int = 5, *, protocols: Protocols = ONE) -> NodeSide:
    there = HISTORY[hub.acked_seq] if hub.acked_seq <= last else None
    return NodeSide("hub", "1-a", protocols, acked, there)


def test_all_is_well_where_both_know_the_same() -> None:
    hub = a_hub()
    assert decide(hub, a_node(hub)) == Decision(Action.OK)


def test_a_lost_answer_needs_nothing_but_the_next_push() -> None:
    hub = a_hub(acked=5, chain="chain5")
    assert decide(hub, a_node(hub, acked=3)).action is Action.OK


def test_a_hub_that_holds_less_than_it_confirmed_gets_the_rest_again() -> None:
    hub = a_hub(acked=2, chain="chain2")
    assert decide(hub, a_node(hub, acked=5)) == Decision(Action.RESEND, 3)


def test_a_node_behind_its_own_history_begins_a_new_life() -> None:
    hub = a_hub(acked=5, chain="chain5")
    assert decide(hub, a_node(hub, acked=2, last=2)).action is Action.NEW_LIFE


def test_another_history_of_the_same_length_begins_a_new_life() -> None:
    hub = a_hub(chain="another")
    assert decide(hub, a_node(hub)).action is Action.NEW_LIFE


@pytest.mark.parametrize(
    ("one", "other", "do_meet"),
    [
        (Protocols(1, 1), Protocols(1, 1), True),
        (Protocols(1, 2), Protocols(2, 3), True),
        (Protocols(2, 3), Protocols(1, 2), True),
        (Protocols(3, 3), Protocols(1, 2), False),
        (Protocols(1, 1), Protocols(2, 2), False),
    ],
)
def test_programs_understand_each_other_where_their_versions_overlap(
    one: Protocols, other: Protocols, do_meet: bool
) -> None:
    assert one.meet(other) is other.meet(one) is do_meet


def test_every_combination_has_the_first_answer_that_applies() -> None:
    seen = set()
    for same_hub, understood, suspended, same_life, acked, confirmed, same_chain, last in product(
        *(((True, False),) * 4), range(6), range(6), (True, False), range(6)
    ):
        hub = a_hub(
            acked,
            HISTORY[acked] if same_chain else "another",
            id="hub" if same_hub else "stranger",
            inc="1-a" if same_life else "2-b",
            protocols=ONE if understood else Protocols(7, 9),
            suspended=suspended,
        )
        decided = decide(hub, a_node(hub, min(confirmed, last), last))
        is_known = same_chain and acked <= last
        expected = (
            Action.WAIT
            if not same_hub
            else Action.UPDATE
            if not understood
            else Action.WAIT
            if suspended
            else Action.SNAPSHOT
            if not same_life
            else Action.NEW_LIFE
            if not is_known
            else Action.RESEND
            if acked < min(confirmed, last)
            else Action.OK
        )
        assert decided.action is expected
        assert decided.resend_from == (acked + 1 if expected is Action.RESEND else 0)
        seen.add(decided.action)
    assert seen == set(Action)


def test_what_was_decided_leads_to_being_in_step() -> None:
    """Each step is followed by another hello; none goes round in circles."""
    for acked, confirmed, same_chain, same_life, last in product(
        range(6), range(6), (True, False), (True, False), range(6)
    ):
        hub = a_hub(acked, HISTORY[acked] if same_chain else "x", inc="1-a" if same_life else "2-b")
        node = a_node(hub, min(confirmed, last), last)
        for _ in range(4):
            decided = decide(hub, node)
            if decided.action is Action.OK:
                break
            if decided.action is Action.SNAPSHOT:
                node = NodeSide("hub", hub.hub_inc, ONE, 0, node.chain_there)
            elif decided.action is Action.NEW_LIFE:
                # Under its new name the hub knows nothing of it.
                hub = HubSide(hub.hub_id, hub.hub_inc, ONE, False, 0, HISTORY[0])
                node = NodeSide("hub", hub.hub_inc, ONE, 0, HISTORY[0])
            else:
                node = NodeSide("hub", hub.hub_inc, ONE, hub.acked_seq, node.chain_there)
        assert decided.action is Action.OK

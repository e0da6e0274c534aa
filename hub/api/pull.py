"""The downlink's door: what changed for a district, at once or as soon as it does."""

from datetime import datetime, timedelta

import anyio.to_thread
from litestar import Response, post
from litestar.di import NamedDependency
from sqlite_utils import Database

from hub.api.bell import Bell
from hub.api.boots import Boots
from hub.api.city import City
from hub.api.guard import AnyRequest, address_of, decode, identify
from hub.store import feed, hellos, meta, nodes
from hub.store.cards import cards
from hub.store.lives import was_never_given
from hub.work import compare_now, dispute, lives, meet_node, rotate_secret
from shared.kit.clock import now, parse_stamp, stamp
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire.meeting import KNOWS_SEVERAL_NODES
from shared.wire.messages import NodeStatus, PullAnswer, PullRequest
from shared.wire.paths import ITEMS_PER_PULL, LONG_POLL_S, PULL

SEEN_EVERY = timedelta(seconds=5)


@post(PULL, status_code=200, request_max_body_size=16_000)
async def give_changes(
    request: AnyRequest,
    store: NamedDependency[Store],
    bell: NamedDependency[Bell],
    city: NamedDependency[City],
) -> Response[bytes]:
    visitor = await identify(request, store)
    asked = decode(await request.body(), PullRequest)
    boots: Boots = request.app.state.boots
    is_double = boots.hear(visitor.node.id, asked.boot_id, now())
    await anyio.to_thread.run_sync(_seen, store, visitor.node, address_of(request), asked.status)
    await anyio.to_thread.run_sync(_must_be_welcome, store, visitor.node, is_double)
    await anyio.to_thread.run_sync(_notice_ahead, store, asked)
    district_id = visitor.node.district_id
    turn = bell.turn(district_id)
    answer = await anyio.to_thread.run_sync(_look, store, city, visitor.node, asked)
    is_news = bool(answer.items or answer.next_secret)
    if not is_news and answer.after == asked.after and asked.wait_s > 0:
        # No transaction is open while waiting: an old view would hold back the checkpoint.
        await bell.wait(district_id, turn, min(asked.wait_s, LONG_POLL_S))
        answer = await anyio.to_thread.run_sync(_look, store, city, visitor.node, asked)
    return await anyio.to_thread.run_sync(visitor.answer, answer)


def _seen(store: Store, node: nodes.Node, address: str, status: NodeStatus) -> None:
    moment = now()
    if _is_news(node, status, moment):
        with store.writing() as db:
            if node.last_seen_at is None:
                # The secret that the enrolment's answer carried is good for the first steps only.
                rotate_secret.rotate(db, node, node.name, moment)
            nodes.seen(db, node.id, address, status, moment)


def _must_be_welcome(store: Store, node: nodes.Node, is_double: bool) -> None:
    """What keeps a node from new work never keeps its marks from coming in."""
    if is_double:
        with store.writing() as db:
            dispute.raise_alarm(db, node, "two_programs", now())
    with store.reading() as db:
        dispute.must_be_undisputed(db, node)
        is_understood = meet_node.speaks_our_language(db, node.id)
    if not is_understood:
        raise Refusal("update", "节点程序的版本太旧或太新，请安装市里发布的版本。", 426)


def _notice_ahead(store: Store, asked: PullRequest) -> None:
    """The node saw changes that we do not know of: our database was put back in time."""
    with store.reading() as db:
        is_ahead = asked.hub_inc == meta.hub_inc(db) and was_never_given(db, asked.after)
    if is_ahead:
        with store.writing() as db:
            if asked.hub_inc == meta.hub_inc(db):
                lives.begin_again(db, lives.AHEAD, now())


def _is_news(node: nodes.Node, status: NodeStatus, moment: datetime) -> bool:
    """A node that catches up page after page need not be noted each time."""
    if node.status is None or node.last_seen_at is None:
        return True
    if node.status.pending_events != status.pending_events:
        return True
    return moment - parse_stamp(node.last_seen_at) >= SEEN_EVERY


def _look(store: Store, city: City, node: nodes.Node, asked: PullRequest) -> PullAnswer:
    moment = now()
    with store.reading() as db:
        inc = meta.hub_inc(db)
        if asked.hub_inc != inc:
            # Another life of our database: the node's cursor means nothing in it.
            return _page(db, city, node, 0, inc, moment)
        return _page(db, city, node, asked.after, inc, moment)


def _page(
    db: Database, city: City, node: nodes.Node, after: int, inc: str, moment: datetime
) -> PullAnswer:
    found = feed.after(db, node.district_id, after, ITEMS_PER_PULL + 1)
    changes = found[:ITEMS_PER_PULL]
    known = city.look(db, moment)
    return PullAnswer(
        hub_inc=inc,
        after=changes[-1].seq if changes else after,
        more=len(found) > ITEMS_PER_PULL,
        items=cards(db, node.district_id, after, changes),
        city=known.rounds,
        city_done=known.done,
        server_time=stamp(moment),
        next_secret=rotate_secret.next_secret(db, node),
        compare=compare_now.is_asked_of(db, node),
        nodes=_nodes_of_district(db, node),
    )


def _nodes_of_district(db: Database, node: nodes.Node) -> int:
    if not hellos.understands(db, node.id, KNOWS_SEVERAL_NODES):
        return 1
    return nodes.count_enrolled(db, node.district_id)


ROUTES = [give_changes]

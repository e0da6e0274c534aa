"""The door for a district's lead: how the own district marks, as the hub last measured it."""

import anyio.to_thread
from litestar import Response, post
from litestar.di import NamedDependency

from hub.api.guard import AnyRequest, Visitor, decode, identify
from hub.store import sittings
from hub.work.quality_kept import quality_of
from hub.work.tell_quality import tell_quality
from shared.kit.clock import now
from shared.kit.store import Store
from shared.wire.paths import QUALITY
from shared.wire.quality import QualityRequest


@post(QUALITY, status_code=200, request_max_body_size=1_000)
async def give_quality(request: AnyRequest, store: NamedDependency[Store]) -> Response[bytes]:
    visitor = await identify(request, store)
    decode(await request.body(), QualityRequest)
    return await anyio.to_thread.run_sync(_quality, store, visitor)


def _quality(store: Store, visitor: Visitor) -> Response[bytes]:
    moment = now()
    with store.reading() as db:
        sitting = sittings.current(db)
        # A wiped trial has no figures, not even kept ones.
        id = sitting.id if sitting and sitting.state in ("open", "closed") else 0
        found = quality_of(store, db, id, moment)
        return visitor.answer(tell_quality(db, found, id, visitor.node.district_id, moment))


ROUTES = [give_quality]

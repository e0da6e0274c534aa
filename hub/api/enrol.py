"""The door for a node that has nothing but a code yet."""

import anyio.to_thread
from litestar import Response, post
from litestar.di import NamedDependency

from hub.api.guard import AnyRequest, address_of, decode, plain
from hub.work.enrol_node import enrol
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire import signing
from shared.wire.messages import EnrolAnswer, EnrolRequest
from shared.wire.paths import ENROL, SIGNATURE_HEADER


@post(ENROL, status_code=200, request_max_body_size=4_000)
async def give_enrolment(request: AnyRequest, store: NamedDependency[Store]) -> Response[bytes]:
    body, address = await request.body(), address_of(request)
    confirms = request.app.state.settings.confirm_nodes
    asked = decode(body, EnrolRequest)
    answer = plain(await anyio.to_thread.run_sync(_enrol, store, asked, address, confirms))
    answer.headers[SIGNATURE_HEADER] = signing.sign_enrolment(body, answer.content)
    return answer


def _enrol(store: Store, asked: EnrolRequest, address: str, confirms: bool) -> EnrolAnswer:
    with store.writing() as db:
        outcome = enrol(db, asked, address, now(), is_to_be_confirmed=confirms)
    # Outside the transaction: a wrong try stays counted.
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


ROUTES = [give_enrolment]

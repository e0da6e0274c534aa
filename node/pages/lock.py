"""锁屏: whoever leaves the PC locks the page, and the password of the same account opens it."""

from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody

from node.pages.marking import MARKERS
from node.pages.password import check_current
from node.pages.people import Person, address_of
from node.store import sessions
from shared.kit.clock import now
from shared.kit.store import Store


class GivePassword(msgspec.Struct, forbid_unknown_fields=True):
    password: Annotated[str, msgspec.Meta(max_length=256)]


@post("/api/lock", sync_to_thread=True, status_code=200)
def lock(person: NamedDependency[Person], store: NamedDependency[Store]) -> dict[str, bool]:
    person.require(*MARKERS, even_locked=True)
    with store.writing() as db:
        sessions.lock(db, person.token_hash, now())
    return {"locked": True}


@post("/api/unlock", sync_to_thread=True, status_code=200)
def unlock(
    request: Request[Any, Any, State],
    data: JSONBody[GivePassword],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> dict[str, bool]:
    """As many tries as at the sign-in, and counted together with those."""
    person.require(*MARKERS, even_locked=True)
    check_current(store, person.account, data.password, address_of(request))
    with store.writing() as db:
        sessions.unlock(db, person.token_hash)
    return {"locked": False}


ROUTES = [lock, unlock]

"""再次验证: the password once more before what is dangerous, then back to where one was."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from hub.pages.doors import FORM
from hub.pages.person import address_of, own_path, token_of
from hub.store import admin_sessions
from hub.store.admins import Admin
from hub.work import second_factor, sign_in
from shared.kit.clock import now
from shared.kit.passwords import check_password
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/again"


class AgainForm(msgspec.Struct, forbid_unknown_fields=True):
    password: Annotated[str, msgspec.Meta(max_length=256)]
    code: Annotated[str, msgspec.Meta(max_length=16)] = ""
    back: Annotated[str, msgspec.Meta(max_length=200)] = "/"


@get(HERE, sync_to_thread=True)
def show_again(person: NamedDependency[Admin], back: FromQuery[str] = "/") -> Template:
    return _page(person, own_path(back))


@post(HERE, sync_to_thread=True, status_code=303)
def give_again(
    data: Annotated[AgainForm, FORM],
    request: Request[Any, Any, Any],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect | Template:
    back = own_path(data.back)
    try:
        prove(request, store, person, data.password, data.code)
    except Refusal as refusal:
        return _page(person, back, refusal)
    return Redirect(back, status_code=303)


def prove(
    request: Request[Any, Any, Any], store: Store, person: Admin, password: str, code: str
) -> None:
    """Refuses a wrong password or code; guessing is slowed down as at the sign-in."""
    moment, attempt = now(), sign_in.Try(person.name, address_of(request))
    with store.reading() as db:
        sign_in.check_pace(db, attempt, moment)
    # Outside any transaction: it takes its time on purpose.
    is_right = check_password(person.password_hash, password)
    with store.writing() as db:
        if is_right and second_factor.accepts(db, person, code, moment):
            admin_sessions.prove(db, token_of(request), moment)
            return
        sign_in.count_wrong(db, attempt, moment)
    raise Refusal("wrong", "密码或动态码不对。", 401)


def _page(person: Admin, back: str, refusal: Refusal | None = None) -> Template:
    return page(
        "again.html",
        status_code=refusal.status if refusal else 200,
        name=person.name,
        has_factor=person.totp_secret is not None,
        back=back,
        problem=refusal.text if refusal else "",
    )


ROUTES = [show_again, give_again]

"""Signing in and out."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template

from hub.pages.person import COOKIE, address_of, token_of
from hub.store import admin_sessions, audit, exam
from hub.work import second_factor, sign_in
from shared.kit.clock import now
from shared.kit.passwords import check_password
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page
from shared.web.sessions import ended_cookie, session_cookie

SIGN_IN = "/sign-in"


class SignInForm(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(max_length=64)]
    password: Annotated[str, msgspec.Meta(max_length=256)]
    code: Annotated[str, msgspec.Meta(max_length=16)] = ""
    """Of the second factor, for who has one."""


@get(SIGN_IN, sync_to_thread=True)
def show_sign_in(store: NamedDependency[Store]) -> Template:
    return _sign_in_page(store)


@post(SIGN_IN, sync_to_thread=True, status_code=303)
def give_sign_in(
    data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    request: Request[Any, Any, Any],
    store: NamedDependency[Store],
) -> Redirect | Template:
    attempt = sign_in.Try(data.name.strip(), address_of(request))
    try:
        token = _sign_in(store, attempt, data)
    except Refusal as refusal:
        return _sign_in_page(store, attempt.name, refusal)
    cookie = session_cookie(COOKIE, token, is_https=request.url.scheme == "https")
    return Redirect("/", status_code=303, cookies=[cookie])


@post("/sign-out", sync_to_thread=True, status_code=303)
def sign_out(request: Request[Any, Any, Any], store: NamedDependency[Store]) -> Redirect:
    with store.writing() as db:
        if session := admin_sessions.session(db, token_of(request)):
            admin_sessions.end(db, token_of(request))
            audit.append(db, session.admin.name, "sign_out", {}, now())
    return Redirect(SIGN_IN, status_code=303, cookies=[ended_cookie(COOKIE)])


def _sign_in(store: Store, attempt: sign_in.Try, data: SignInForm) -> str:
    moment = now()
    with store.reading() as db:
        sign_in.check_pace(db, attempt, moment)
        admin = sign_in.find(db, attempt.name)
    # Outside any transaction: it takes its time on purpose.
    is_right = check_password(admin.password_hash if admin else None, data.password)
    with store.writing() as db:
        if admin and is_right and second_factor.accepts(db, admin, data.code, moment):
            return sign_in.sign_in(db, admin, attempt, moment)
        sign_in.count_wrong(db, attempt, moment)
    # The same words whether or not there is such an account with a second factor.
    raise Refusal("wrong", sign_in.WRONG, 401)


def _sign_in_page(store: Store, name: str = "", refusal: Refusal | None = None) -> Template:
    with store.reading() as db:
        found = exam.exam(db)
    return page(
        "people_sign_in.html",
        status_code=refusal.status if refusal else 200,
        exam_name=found.name if found else "",
        name=name,
        problem=refusal.text if refusal else "",
    )


ROUTES = [show_sign_in, give_sign_in, sign_out]

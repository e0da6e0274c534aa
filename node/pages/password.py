"""A new password: at first sign-in, or as a wish later."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template

from node.pages.people import HOME, Person, address_of
from node.store import attempts, preferences
from node.store.accounts import Account
from node.work.change_password import change_password, check_new_password
from node.work.sign_in import account_subject, begin_try, is_right
from shared.kit.clock import now
from shared.kit.passwords import hash_password
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page


class PasswordForm(msgspec.Struct, forbid_unknown_fields=True):
    password: Annotated[str, msgspec.Meta(max_length=256)]
    again: Annotated[str, msgspec.Meta(max_length=256)]
    current: Annotated[str, msgspec.Meta(max_length=256)] = ""
    """Asked for when the change is a wish; at first sign-in it has just been typed."""


@get("/password", sync_to_thread=True)
def password_page(person: NamedDependency[Person], store: NamedDependency[Store]) -> Template:
    return _password_template(person, store)


@post("/password", sync_to_thread=True, status_code=200)
def set_password(
    request: Request[Any, Any, State],
    data: Annotated[PasswordForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template | Redirect:
    try:
        if not person.must_change_password:
            check_current(store, person.account, data.current, address_of(request))
        check_new_password(person.account, data.password, data.again)
    except Refusal as refusal:
        return _password_template(person, store, refusal)
    password_hash = hash_password(data.password)
    with store.writing() as db:
        change_password(db, person.account, password_hash, now())
    return Redirect(HOME[person.account.role], status_code=303)


def check_current(store: Store, account: Account, password: str, address: str) -> None:
    """Whoever finds a PC left signed in does not get to keep the account."""
    moment = now()
    with store.writing() as db:
        begin_try(db, account.phone, address, moment)
    if not is_right(account, password):
        raise Refusal("wrong", "现在的密码不对，请重新输入。", 422)
    with store.writing() as db:
        attempts.forget(db, account_subject(account.phone))


def _password_template(person: Person, store: Store, refusal: Refusal | None = None) -> Template:
    with store.reading() as db:
        look = preferences.of_account(db, person.id)
    return page(
        "password.html",
        look=look,
        status_code=422 if refusal else 200,
        person=person,
        notice=refusal.text if refusal else "",
    )


ROUTES = [password_page, set_password]

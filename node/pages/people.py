"""Who is at this PC: signing in and out, the new password at first sign-in, the guards."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import anyio.to_thread
import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template
from sqlite_utils import Database

from node.store import accounts, attempts, exam, meta, sessions
from node.store.accounts import Account
from node.store.sessions import Session
from node.work.change_password import change_password, check_new_password
from node.work.sign_in import (
    SEEN_EVERY,
    account_subject,
    begin,
    begin_try,
    is_over,
    is_right,
    must_change_password,
    note_failure,
)
from node.work.site_check import PC_COOKIE, this_pc
from shared.kit.clock import now
from shared.kit.lan import lan_addresses
from shared.kit.passwords import hash_password
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.kit.tokens import hash_token
from shared.rules.rubric import Role
from shared.web.rendering import PART_HEADER, page
from shared.web.sessions import ended_cookie, session_cookie

COOKIE = "shengping_node"
OWN = ("127.0.0.1", "::1")

HOME = {
    Role.MARKER: "/mark",
    Role.LEADER: "/mark",
    Role.LEAD: "/progress",
    Role.TECHNICIAN: "/status",
}


@dataclass(frozen=True, slots=True)
class Person:
    """The account that this request was made by."""

    account: Account
    token_hash: str
    must_change_password: bool
    is_locked: bool = False

    @property
    def id(self) -> int:
        return self.account.id

    @property
    def home(self) -> str:
        return "/password" if self.must_change_password else HOME[self.account.role]

    def require(self, *roles: Role, even_locked: bool = False) -> None:
        if self.must_change_password:
            raise Refusal("password", "请先设置新密码。", 403)
        if self.account.role not in roles:
            raise Refusal("not_allowed", "当前账号没有这个权限。", 403)
        if self.is_locked and not even_locked:
            raise Refusal("screen_locked", "屏幕已锁定，请输入密码解锁。", 423)


class SignInForm(msgspec.Struct, forbid_unknown_fields=True):
    phone: Annotated[str, msgspec.Meta(max_length=64)]
    password: Annotated[str, msgspec.Meta(max_length=256)]


class PasswordForm(msgspec.Struct, forbid_unknown_fields=True):
    password: Annotated[str, msgspec.Meta(max_length=256)]
    again: Annotated[str, msgspec.Meta(max_length=256)]
    current: Annotated[str, msgspec.Meta(max_length=256)] = ""
    """Asked for when the change is a wish; at first sign-in it has just been typed."""


def provide_person(request: Request[Any, Any, State], store: NamedDependency[Store]) -> Person:
    """The signed-in person, or a refusal that sends the browser to the sign-in page."""
    moment = now()
    with store.reading() as db:
        session = sessions.session(db, token_of(request))
        person = _person(db, session, moment)
    if session is None or person is None:
        raise _signed_out(session.ended if session else None)
    # A page that refreshes itself is no sign that someone sits before it.
    if moment - session.seen_at > SEEN_EVERY and PART_HEADER not in request.headers:
        with store.writing() as db:
            sessions.see(db, session.token_hash, moment)
    return person


def _person(db: Database, session: Session | None, moment: datetime) -> Person | None:
    if session is None or is_over(session, moment):
        return None
    account = accounts.account(db, session.account_id)
    if account is None or account.state != "active":
        return None
    must_change = must_change_password(db, account)
    return Person(account, session.token_hash, must_change, session.is_locked)


def _signed_out(ended: str | None) -> Refusal:
    if ended == "taken_over":
        return Refusal("taken_over", "这个账号已在另一台电脑登录，本机已退出。", 401)
    return Refusal("signed_out", "登录已失效，请重新登录。", 401)


def token_of(request: Request[Any, Any, State]) -> str:
    """The hash of the session's token; of an empty one when there is none."""
    return hash_token(request.cookies.get(COOKIE, ""))


def address_of(request: Request[Any, Any, State]) -> str:
    return request.client.host if request.client else ""


def person_of(request: Request[Any, Any, State], db: Database) -> Person | None:
    """For pages that are also open to others than the signed-in."""
    return _person(db, sessions.session(db, token_of(request)), now())


def note_visitor(request: Request[Any, Any, State]) -> None:
    """Another PC has come through to us: the firewall lets it."""
    address = address_of(request)
    if getattr(request.app.state, "visitor", ""):
        return
    if address not in OWN and address not in lan_addresses():
        request.app.state.visitor = address


@get("/", sync_to_thread=True)
def sign_in_page(
    request: Request[Any, Any, State], store: NamedDependency[Store]
) -> Template | Redirect:
    note_visitor(request)
    with store.reading() as db:
        if meta.link(db) is None:
            return Redirect("/setup", status_code=303)
        session = sessions.session(db, token_of(request))
        person = _person(db, session, now())
        if person is not None:
            return Redirect(person.home, status_code=303)
        ended = session.ended if session else None
        notice = _signed_out(ended).text if ended == "taken_over" else ""
        return _sign_in_template(request, db, phone="", notice=notice)


@post("/", sync_to_thread=True, status_code=200)
def sign_in(
    request: Request[Any, Any, State],
    data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """The browser itself goes to the next page: only so may the first video sound."""
    try:
        person, token = _sign_in(store, data, address_of(request))
    except Refusal as refusal:
        with store.reading() as db:
            return _sign_in_template(
                request, db, phone=data.phone, notice=refusal.text, status=refusal.status
            )
    cookie = session_cookie(COOKIE, token, is_https=request.url.scheme == "https")
    return Redirect(person.home, status_code=303, cookies=[cookie])


def _sign_in(store: Store, data: SignInForm, address: str) -> tuple[Person, str]:
    phone, moment = data.phone.replace(" ", ""), now()
    with store.writing() as db:
        account = begin_try(db, phone, address, moment)
    if not is_right(account, data.password) or account is None:
        with store.writing() as db:
            note_failure(db, address, moment)
        raise Refusal("wrong", "账号或密码不对，请检查后重新输入。", 422)
    with store.writing() as db:
        token = begin(db, account, address, moment)
        return Person(account, hash_token(token), must_change_password(db, account)), token


def _sign_in_template(
    request: Request[Any, Any, State],
    db: Database,
    *,
    phone: str,
    notice: str,
    status: int = 200,
) -> Template:
    pc = this_pc(db, request.cookies.get(PC_COOKIE, ""), address_of(request))
    link, known, sitting = meta.link(db), exam.exam(db), exam.open_sitting(db)
    return page(
        "people_sign_in.html",
        status_code=status,
        district=link.district if link else "",
        exam=known.name if known else "",
        sitting=sitting,
        pc=pc,
        is_checked=pc is not None and pc.is_of(now().astimezone().date()),
        phone=phone,
        notice=notice,
    )


@get("/password", sync_to_thread=False)
def password_page(person: NamedDependency[Person]) -> Template:
    return _password_template(person)


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
        return _password_template(person, refusal)
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


def _password_template(person: Person, refusal: Refusal | None = None) -> Template:
    return page(
        "people_password.html",
        status_code=422 if refusal else 200,
        person=person,
        notice=refusal.text if refusal else "",
    )


@post("/sign-out", status_code=303)
async def sign_out(request: Request[Any, Any, State], store: NamedDependency[Store]) -> Redirect:
    """Also where the session is over already: the cookie goes."""
    await anyio.to_thread.run_sync(_end_session, store, token_of(request))
    # Last, so that no slice asked for meanwhile grants more of them.
    request.app.state.grants.forget(request.headers.get("cookie", ""))
    return Redirect("/", status_code=303, cookies=[ended_cookie(COOKIE)])


def _end_session(store: Store, token_hash: str) -> None:
    with store.writing() as db:
        sessions.end(db, token_hash)


ROUTES = [sign_in_page, sign_in, password_page, set_password, sign_out]

"""Who is at this PC: signing in and out, the guards."""

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
from node.work.take_over import OWN, open_elsewhere, place_of
from shared.kit.clock import now
from shared.kit.lan import lan_addresses
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.kit.tokens import hash_token
from shared.rules.rubric import Role
from shared.web.rendering import PART_HEADER, page
from shared.web.sessions import ended_cookie, session_cookie

COOKIE = "shengping_node"

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


class TakeOverForm(msgspec.Struct, forbid_unknown_fields=True):
    token: Annotated[str, msgspec.Meta(max_length=64)]


def provide_person(request: Request[Any, Any, State], store: NamedDependency[Store]) -> Person:
    """The signed-in person, or a refusal that sends the browser to the sign-in page."""
    moment = now()
    with store.reading() as db:
        session = sessions.session(db, token_of(request))
        person = _person(db, session, moment)
        if session is None or person is None:
            raise _signed_out(db, session)
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


def _signed_out(db: Database, session: Session | None) -> Refusal:
    if session is None or session.ended != "taken_over":
        return Refusal("signed_out", "登录已失效，请重新登录。", 401)
    other = sessions.open_of(db, session.account_id)
    if other is None:
        where = "别处"
    elif other.address == session.address:
        where = "这台电脑的另一个窗口"
    else:
        where = f" {place_of(db, other.address)} "
    return Refusal("taken_over", f"这个账号已在{where}登录，这里已退出。", 401)


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
        is_elsewhere = session is not None and session.ended == "taken_over"
        notice = _signed_out(db, session).text if is_elsewhere else ""
        return _sign_in_template(request, db, phone="", notice=notice)


@post("/", sync_to_thread=True, status_code=200)
def sign_in(
    request: Request[Any, Any, State],
    data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """The browser itself goes to the next page: only so may the first video sound."""
    address, moment = address_of(request), now()
    try:
        account = _proved(store, data, address, moment)
    except Refusal as refusal:
        return _not_in(request, store, refusal, data.phone)
    with store.reading() as db:
        where = open_elsewhere(db, account.id, address, moment)
    if not where:
        return _let_in(request, store, account)
    token = request.app.state.offers.offer(account, address, moment)
    return page("people_take_over.html", name=account.name, where=where, token=token)


@post("/take-over", sync_to_thread=True, status_code=200)
def take_over(
    request: Request[Any, Any, State],
    data: Annotated[TakeOverForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """Yes, here: the session at the other PC ends."""
    try:
        with store.reading() as db:
            account = request.app.state.offers.take(db, data.token, address_of(request), now())
    except Refusal as refusal:
        return _not_in(request, store, refusal)
    return _let_in(request, store, account)


def _proved(store: Store, data: SignInForm, address: str, moment: datetime) -> Account:
    phone = data.phone.replace(" ", "")
    with store.writing() as db:
        account = begin_try(db, phone, address, moment)
    is_proved = is_right(account, data.password)
    with store.writing() as db:
        if is_proved and account is not None:
            attempts.forget(db, account_subject(account.phone))
            return account
        note_failure(db, address, moment)
    raise Refusal("wrong", "账号或密码不对，请检查后重新输入。", 422)


def _let_in(request: Request[Any, Any, State], store: Store, account: Account) -> Redirect:
    with store.writing() as db:
        token = begin(db, account, address_of(request), now())
        person = Person(account, hash_token(token), must_change_password(db, account))
    cookie = session_cookie(COOKIE, token, is_https=request.url.scheme == "https")
    return Redirect(person.home, status_code=303, cookies=[cookie])


def _not_in(
    request: Request[Any, Any, State], store: Store, refusal: Refusal, phone: str = ""
) -> Template:
    with store.reading() as db:
        return _sign_in_template(
            request, db, phone=phone, notice=refusal.text, status=refusal.status
        )


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


ROUTES = [sign_in_page, sign_in, take_over, sign_out]

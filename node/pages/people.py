"""Who is at this PC: signing in and out, the new password at first sign-in, the guards."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template
from sqlite_utils import Database

from node.store import accounts, exam, meta, sessions
from node.store.accounts import Account
from node.work.change_password import change_password, check_new_password
from node.work.sign_in import (
    SEEN_EVERY,
    begin,
    check,
    is_over,
    must_change_password,
    note_failure,
)
from shared.kit.clock import now
from shared.kit.passwords import hash_password
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rubric import Role
from shared.web.rendering import page
from shared.web.sessions import ended_cookie, hash_token, session_cookie

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

    @property
    def id(self) -> int:
        return self.account.id

    def require(self, *roles: Role) -> None:
        if self.must_change_password:
            raise Refusal("password", "请先设置新密码。", 403)
        if self.account.role not in roles:
            raise Refusal("not_allowed", "当前账号没有这个权限。", 403)


class SignInForm(msgspec.Struct, forbid_unknown_fields=True):
    phone: str
    password: str


class PasswordForm(msgspec.Struct, forbid_unknown_fields=True):
    password: str
    again: str


def provide_person(request: Request[Any, Any, State], store: NamedDependency[Store]) -> Person:
    """The signed-in person, or a refusal that sends the browser to the sign-in page."""
    token = request.cookies.get(COOKIE, "")
    moment = now()
    with store.reading() as db:
        session = sessions.session(db, hash_token(token)) if token else None
        if session is None or is_over(session, moment):
            raise _signed_out(session.ended if session else None)
        account = accounts.account(db, session.account_id)
        if account is None or account.state != "active":
            raise _signed_out(None)
        person = Person(account, session.token_hash, must_change_password(db, account))
    if moment - session.seen_at > SEEN_EVERY:
        with store.writing() as db:
            sessions.see(db, session.token_hash, moment)
    return person


def _signed_out(ended: str | None) -> Refusal:
    if ended == "taken_over":
        return Refusal("taken_over", "这个账号已在另一台电脑登录，本机已退出。", 401)
    return Refusal("signed_out", "登录已失效，请重新登录。", 401)


def address_of(request: Request[Any, Any, State]) -> str:
    return request.client.host if request.client else ""


@get("/", sync_to_thread=True)
def sign_in_page(
    request: Request[Any, Any, State], store: NamedDependency[Store]
) -> Template | Redirect:
    with store.reading() as db:
        if meta.link(db) is None:
            return Redirect("/setup", status_code=303)
        token = request.cookies.get(COOKIE, "")
        session = sessions.session(db, hash_token(token)) if token else None
        account = accounts.account(db, session.account_id) if session else None
        if session and account and not is_over(session, now()):
            return Redirect(HOME[account.role], status_code=303)
        ended = session.ended if session else None
        notice = _signed_out(ended).text if ended == "taken_over" else ""
        return _sign_in_template(db, phone="", notice=notice)


@post("/", sync_to_thread=True, status_code=200)
def sign_in(
    request: Request[Any, Any, State],
    data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    store: NamedDependency[Store],
) -> Template | Redirect:
    """The browser itself goes to the next page: only so may the first video sound."""
    phone, address, moment = data.phone.strip().replace(" ", ""), address_of(request), now()
    with store.reading() as db:
        try:
            account = check(db, phone, data.password, address, moment)
            text = "账号或密码不对，请检查后重新输入。"
        except Refusal as refusal:
            account, text = None, refusal.text
        if account is None:
            again = _sign_in_template(db, phone=data.phone, notice=text, status=422)
        must_change = account is not None and must_change_password(db, account)
    with store.writing() as db:
        if account is None:
            note_failure(db, phone, address, moment)
            return again
        token = begin(db, account, address, moment)
    target = "/password" if must_change else HOME[account.role]
    cookie = session_cookie(COOKIE, token, is_https=request.url.scheme == "https")
    return Redirect(target, status_code=303, cookies=[cookie])


def _sign_in_template(db: Database, *, phone: str, notice: str, status: int = 200) -> Template:
    link, known, sitting = meta.link(db), exam.exam(db), exam.open_sitting(db)
    context = {
        "district": link.district if link else "",
        "exam": known.name if known else "",
        "sitting": sitting,
        "phone": phone,
        "notice": notice,
    }
    return page("people_sign_in.html", status_code=status, **context)


@get("/password", sync_to_thread=False)
def password_page(person: NamedDependency[Person]) -> Template:
    return _password_template(person, "")


@post("/password", sync_to_thread=True, status_code=200)
def set_password(
    data: Annotated[PasswordForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template | Redirect:
    try:
        check_new_password(person.account, data.password, data.again)
    except Refusal as refusal:
        return _password_template(person, refusal.text)
    password_hash = hash_password(data.password)
    with store.writing() as db:
        change_password(db, person.account, password_hash, now())
    return Redirect(HOME[person.account.role], status_code=303)


def _password_template(person: Person, notice: str) -> Template:
    return page(
        "people_password.html",
        status_code=422 if notice else 200,
        person=person,
        notice=notice,
        home=HOME[person.account.role],
    )


@post("/sign-out", sync_to_thread=True, status_code=303)
def sign_out(person: NamedDependency[Person], store: NamedDependency[Store]) -> Redirect:
    with store.writing() as db:
        sessions.end(db, person.token_hash)
    return Redirect("/", status_code=303, cookies=[ended_cookie(COOKIE)])


ROUTES = [sign_in_page, sign_in, password_page, set_password, sign_out]

"""阅卷教师设置: the district's accounts, unlocking and resetting them."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from node.pages.frame import MANAGERS, frame
from node.pages.people import Person
from node.store import accounts, attempts, sessions
from node.store.accounts import Account
from node.work.change_password import change_password
from node.work.sign_in import account_subject
from shared.kit.clock import now
from shared.kit.passwords import hash_password
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page
from shared.web.sessions import TRIES_WINDOW, wait_left_s

ONLINE = timedelta(minutes=2)
EASY_TO_READ = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Line:
    account: Account
    state: str
    tone: str
    address: str


@get("/accounts", sync_to_thread=True)
def listed(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    person.require(*MANAGERS)
    return _list_page(request, person, store)


def _list_page(
    request: Request[Any, Any, State],
    person: Person,
    store: Store,
    slip: tuple[Account, str] | None = None,
) -> Template:
    moment = now()
    with store.reading() as db:
        online = sessions.online(db, moment - ONLINE)
        ever = sessions.accounts_seen(db)
        lines = []
        for account in accounts.everyone(db):
            tries = attempts.tries(db, account_subject(account.phone), moment - TRIES_WINDOW)
            is_locked = wait_left_s(tries, moment) > 0
            state, tone = _state(account, account.id in online, account.id in ever, is_locked)
            lines.append(Line(account, state, tone, online.get(account.id, "")))
        context: dict[str, Any] = {
            "frame": frame(db, request.app.state, person, "/accounts", moment),
            "lines": lines,
            "slip": slip,
        }
    return page("accounts.html", **context)


def _state(account: Account, online: bool, ever: bool, locked: bool) -> tuple[str, str]:
    if account.state != "active":
        return "停用", "bad"
    if locked:
        return "锁定", "warn"
    if online:
        return "在线", "ok"
    return ("离线", "") if ever else ("未登录", "")


@post("/accounts/{account_id:int}/unlock", sync_to_thread=True, status_code=303)
def unlock(
    account_id: FromPath[int], person: NamedDependency[Person], store: NamedDependency[Store]
) -> Redirect:
    person.require(*MANAGERS)
    with store.writing() as db:
        account = accounts.account(db, account_id)
        if account is None:
            raise Refusal("not_found", "没有这个账号。", 404)
        attempts.forget(db, account_subject(account.phone))
    return Redirect("/accounts", status_code=303)


@post("/accounts/{account_id:int}/reset", sync_to_thread=True, status_code=200)
def reset(
    request: Request[Any, Any, State],
    account_id: FromPath[int],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    """A random password, shown once to be handed over on a slip; whoever was signed in is out."""
    person.require(*MANAGERS)
    password = "".join(secrets.choice(EASY_TO_READ) for _ in range(8))
    password_hash = hash_password(password)
    with store.writing() as db:
        account = accounts.account(db, account_id)
        if account is None:
            raise Refusal("not_found", "没有这个账号。", 404)
        change_password(db, account, password_hash, now())
        sessions.end_all_of(db, account_id)
        attempts.forget(db, account_subject(account.phone))
    return _list_page(request, person, store, slip=(account, password))


ROUTES = [listed, unlock, reset]

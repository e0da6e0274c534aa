"""阅卷教师设置: the district's accounts, unlocking and resetting them."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from sqlite_utils import Database

from node.pages.frame import MANAGERS, ONLINE, frame
from node.pages.people import Person
from node.store import accounts, attempts, sessions
from node.store.accounts import Account
from node.work.change_password import change_password
from node.work.sign_in import account_subject, account_wait_s
from shared.kit.clock import now
from shared.kit.passwords import hash_for_once
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rubric import Role
from shared.web.numbers import PathWhole
from shared.web.rendering import page

log = logging.getLogger(__name__)

# Without what looks alike on a slip of paper: 0 O o, 1 l I i.
EASY_TO_READ = "23456789abcdefghjkmnpqrstuvwxyz"
PASSWORD_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Line:
    account: Account
    state: str
    tone: str
    address: str
    is_locked: bool

    @property
    def is_marker(self) -> bool:
        return self.account.role in (Role.MARKER, Role.LEADER)


@dataclass(frozen=True, slots=True)
class Slip:
    """A new password, to be handed to its owner; shown this once."""

    account: Account
    password: str


@get("/accounts", sync_to_thread=True)
def listed(
    request: Request[Any, Any, State],
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    person.require(*MANAGERS)
    return _list_page(request, person, store)


def _list_page(
    request: Request[Any, Any, State], person: Person, store: Store, slip: Slip | None = None
) -> Template:
    moment = now()
    with store.reading() as db:
        return page(
            "accounts.html",
            frame=frame(db, request.app.state, person, "/accounts", moment),
            lines=_lines(db, moment),
            me=person.id,
            may_ask=person.account.role is Role.LEAD,
            slip=slip,
        )


def _lines(db: Database, moment: datetime) -> list[Line]:
    online, ever = sessions.online(db, moment - ONLINE), sessions.accounts_seen(db)
    lines = []
    for account in accounts.everyone(db):
        is_locked = account_wait_s(db, account.phone, moment) > 0
        state, tone = _state(account, account.id in online, account.id in ever, is_locked)
        lines.append(Line(account, state, tone, online.get(account.id, ""), is_locked))
    return lines


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
    account_id: PathWhole, person: NamedDependency[Person], store: NamedDependency[Store]
) -> Redirect:
    person.require(*MANAGERS)
    with store.writing() as db:
        account = _known(db, account_id)
        attempts.forget(db, account_subject(account.phone))
    log.info("account %s unlocked by %s", account_id, person.id)
    return Redirect("/accounts", status_code=303)


@post("/accounts/{account_id:int}/free", sync_to_thread=True, status_code=303)
def free_pc(
    account_id: PathWhole, person: NamedDependency[Person], store: NamedDependency[Store]
) -> Redirect:
    """For another PC: the one where it is open lets go of it, and no question is asked there."""
    person.require(*MANAGERS)
    if account_id == person.id:
        raise Refusal("own_account", "换电脑时请用右上角菜单退出，再到另一台电脑登录。")
    with store.writing() as db:
        _known(db, account_id)
        sessions.end_all_of(db, account_id)
    log.info("account %s freed of its PC by %s", account_id, person.id)
    return Redirect("/accounts", status_code=303)


@post("/accounts/{account_id:int}/reset", sync_to_thread=True, status_code=200)
def reset(
    request: Request[Any, Any, State],
    account_id: PathWhole,
    person: NamedDependency[Person],
    store: NamedDependency[Store],
) -> Template:
    """A random password, shown once to be handed over on a slip; whoever was signed in is out."""
    person.require(*MANAGERS)
    if account_id == person.id:
        raise Refusal("own_account", "自己的密码请在右上角菜单“修改密码”里修改。")
    password = "".join(secrets.choice(EASY_TO_READ) for _ in range(PASSWORD_CHARACTERS))
    password_hash = hash_for_once(password)
    with store.writing() as db:
        account = _known(db, account_id)
        change_password(db, account, password_hash, now())
        sessions.end_all_of(db, account_id)
        attempts.forget(db, account_subject(account.phone))
    log.info("password of account %s reset by %s", account_id, person.id)
    return _list_page(request, person, store, Slip(account, password))


def _known(db: Database, account_id: int) -> Account:
    account = accounts.account(db, account_id)
    if account is None or account.state != "active":
        raise Refusal("not_found", "没有这个账号，或者它已停用。", 404)
    return account


ROUTES = [listed, unlock, free_pc, reset]

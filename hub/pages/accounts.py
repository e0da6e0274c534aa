"""账号与名册: everybody of all districts; a new password on a slip, out of work, one more."""

import secrets
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from hub.pages.doors import FORM, back_to
from hub.pages.frame import frame
from hub.pages.person import Lately, may_act
from hub.sheets.cells import as_phone
from hub.store import accounts, counts, exam, sittings
from hub.store.accounts import Account, Listed
from hub.store.admins import Admin
from hub.work import change_account
from shared.kit.clock import now
from shared.kit.passwords import hash_for_once
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.rubric import Role, Stage
from shared.web.numbers import PathWhole, Whole
from shared.web.rendering import page

HERE = "/accounts"
# Without what looks alike on a slip of paper: 0 O o, 1 l I i.
EASY_TO_READ = "23456789abcdefghjkmnpqrstuvwxyz"
PASSWORD_CHARACTERS = 8
DONE = {
    "added": "已新增账号，几秒内下发到节点。初始密码为电话后四位。",
    "disabled": "已停用，未评的任务已重新分配；已提交的评分保留。",
    "enabled": "已启用。",
    "imported": "导入完成，改动正在下发到各节点。",
}


class PersonForm(msgspec.Struct, forbid_unknown_fields=True):
    phone: Annotated[str, msgspec.Meta(max_length=30)]
    name: Annotated[str, msgspec.Meta(max_length=40)]
    district_id: Whole
    role: Role
    scope: Literal["", "primary", "middle"] = ""


@dataclass(frozen=True, slots=True)
class AccountLine:
    account: Account
    district: str
    left: int
    """Open tasks of the current sitting."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A new password, to be handed to its owner; shown this once."""

    account: Account
    district: str
    password: str


@get(HERE, sync_to_thread=True)
def show_accounts(
    person: NamedDependency[Admin], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    return _page(store, person, note=DONE.get(done, ""))


@post("/accounts/add", sync_to_thread=True, status_code=303)
def add_account(
    data: Annotated[PersonForm, FORM],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect | Template:
    may_act(person)
    try:
        phone = as_phone(data.phone.strip())
        if phone is None:
            raise Refusal("bad_phone", "电话应为 11 位手机号码。", 400)
        scope = Stage(data.scope) if data.scope else None
        listed = Listed(phone, data.name.strip(), data.district_id, data.role, scope, 100, "active")
        with store.writing() as db:
            change_account.add_person(db, listed, person.name, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal, typed=data)
    return back_to(HERE, "added")


@post("/accounts/{account_id:int}/reset", sync_to_thread=True, status_code=200)
def reset_password(
    account_id: PathWhole,
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    store: NamedDependency[Store],
) -> Template:
    """The slip is in this answer and never again: only the password's hash is kept."""
    may_act(person)
    lately.require()
    password = "".join(secrets.choice(EASY_TO_READ) for _ in range(PASSWORD_CHARACTERS))
    # Outside any transaction: it takes its time on purpose.
    password_hash = hash_for_once(password)
    with store.writing() as db:
        account = change_account.reset_password(db, account_id, password_hash, person.name, now())
        district = next(d.name for d in exam.districts(db) if d.id == account.district_id)
    return _page(store, person, slip=Slip(account, district, password))


@post("/accounts/{account_id:int}/disable", sync_to_thread=True, status_code=303)
def disable(
    account_id: PathWhole,
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    store: NamedDependency[Store],
) -> Redirect:
    may_act(person)
    lately.require()
    with store.writing() as db:
        change_account.disable(db, account_id, person.name, now())
    return back_to(HERE, "disabled")


@post("/accounts/{account_id:int}/enable", sync_to_thread=True, status_code=303)
def enable(
    account_id: PathWhole, person: NamedDependency[Admin], store: NamedDependency[Store]
) -> Redirect:
    may_act(person)
    with store.writing() as db:
        change_account.enable(db, account_id, person.name, now())
    return back_to(HERE, "enabled")


def _page(
    store: Store,
    person: Admin,
    note: str = "",
    refusal: Refusal | None = None,
    typed: PersonForm | None = None,
    slip: Slip | None = None,
) -> Template:
    with store.reading() as db:
        sitting = sittings.current(db)
        districts = exam.districts(db)
        names = {district.id: district.name for district in districts}
        left = counts.left_by_account(db, sitting.id if sitting else 0)
        return page(
            "accounts.html",
            status_code=refusal.status if refusal else 200,
            frame=frame(db, person, HERE, now()),
            lines=[
                AccountLine(a, names[a.district_id], left.get(a.id, 0))
                for a in accounts.everyone(db)
            ],
            districts=districts,
            roles=list(Role),
            stages=list(Stage),
            may_act=person.role == "city_admin",
            typed=typed,
            slip=slip,
            note=note,
            problem=refusal.text if refusal else "",
        )


ROUTES = [show_accounts, add_account, reset_password, disable, enable]

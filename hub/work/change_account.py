"""Changes one account by hand: a new person, a new password, out of work and back."""

from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from hub.store import accounts, audit, exam, feed
from hub.store.accounts import Account, Listed
from hub.work.hand_out import take_back_all
from shared.kit.refusal import Refusal
from shared.rules.rubric import Role


def add_person(db: Database, person: Listed, who: str, moment: datetime) -> Account:
    """Takes tasks from now on: in an open sitting those that are handed out from here."""
    if not person.name:
        raise Refusal("no_name", "请填写姓名。", 400)
    if person.role in (Role.MARKER, Role.LEADER) and person.scope is None:
        raise Refusal("no_scope", "阅卷教师和学科组长须选择阅卷范围。", 400)
    if person.district_id not in {district.id for district in exam.districts(db)}:
        raise Refusal("no_district", "没有这个区县，请重新选择。", 400)
    if any(account.phone == person.phone for account in accounts.everyone(db)):
        raise Refusal("phone_taken", "这个电话已有账号，一个电话只能有一个账号。")
    has_scope = person.role in (Role.MARKER, Role.LEADER)
    accounts.add_many(db, [person if has_scope else replace(person, scope=None)])
    added = next(a for a in accounts.everyone(db) if a.phone == person.phone)
    feed.append(db, added.district_id, "account", added.id)
    audit.append(db, who, "account_added", {"account": added.id, "name": added.name}, moment)
    return added


def reset_password(
    db: Database, account_id: int, password_hash: str, who: str, moment: datetime
) -> Account:
    """It reaches the nodes with the next pull, and ends what is signed in there."""
    account = known(db, account_id)
    accounts.set_password(db, account.id, password_hash, account.password_version + 1)
    feed.append(db, account.district_id, "account", account.id)
    audit.append(db, who, "password_reset", {"account": account.id, "name": account.name}, moment)
    return account


def disable(db: Database, account_id: int, who: str, moment: datetime) -> int:
    """How many open tasks went to others; what was marked stays."""
    account = known(db, account_id)
    _change_state(db, account, "disabled", who, moment)
    return take_back_all(db, account.id, who, moment)


def enable(db: Database, account_id: int, who: str, moment: datetime) -> None:
    _change_state(db, known(db, account_id), "active", who, moment)


def known(db: Database, account_id: int) -> Account:
    account = accounts.account(db, account_id)
    if account is None:
        raise Refusal("no_account", "没有这个账号。", 404)
    return account


def _change_state(
    db: Database, account: Account, state: accounts.State, who: str, moment: datetime
) -> None:
    if account.state == state:
        return
    listed = Listed(
        *(account.phone, account.name, account.district_id, account.role, account.scope),
        *(account.capacity, state),
    )
    accounts.change_many(db, [listed])
    feed.append(db, account.district_id, "account", account.id)
    detail = {"account": account.id, "name": account.name, "state": state}
    audit.append(db, who, "account_changed", detail, moment)

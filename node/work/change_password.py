"""An account's owner sets a new password; the district's other nodes learn of it over the hub."""

from datetime import datetime

from sqlite_utils import Database

from node.store import accounts, exam, outbox
from node.store.accounts import Account
from shared.kit.ids import new_id
from shared.kit.refusal import Refusal
from shared.wire.messages import PasswordBody

LENGTH_MIN = 8


def check_new_password(account: Account, password: str, again: str) -> None:
    if password != again:
        raise Refusal("invalid", "两次输入的新密码不一样，请重新输入。", 400)
    if len(password) < LENGTH_MIN:
        raise Refusal("invalid", f"新密码至少 {LENGTH_MIN} 位。", 400)
    if password in account.phone or account.phone in password or len(set(password)) < 3:
        raise Refusal("invalid", "新密码太容易猜到，请换一个。", 400)


def change_password(db: Database, account: Account, password_hash: str, moment: datetime) -> None:
    version = account.password_version + 1
    if not accounts.set_password(db, account.id, password_hash, version):
        raise Refusal("changed", "密码刚刚在别处改过，请重新登录。")
    body = PasswordBody(
        account_id=account.id, password_hash=password_hash, password_version=version
    )
    sitting = exam.current_sitting(db)
    outbox.put(db, sitting.id if sitting else 0, "password", 1, body, new_id(moment), moment)

"""The second factor of the hub's own people: time-based codes (RFC 6238), none works twice."""

import hmac
from datetime import datetime

import pyotp
from sqlite_utils import Database

from hub.store import admins, audit
from hub.store.admins import Admin
from shared.kit.refusal import Refusal

ISSUER = "声评市级中心"
DRIFT_STEPS = 1
"""A phone's clock may be off by so many times thirty seconds."""


def new_secret() -> str:
    return pyotp.random_base32()


def uri(secret: str, name: str) -> str:
    """What an authenticator app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def step_of(secret: str, code: str, moment: datetime) -> int | None:
    """The time step that this code belongs to, near now; None when it is none of them."""
    totp = pyotp.TOTP(secret)
    step = totp.timecode(moment)
    for near in range(step - DRIFT_STEPS, step + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(near), code.replace(" ", "")):
            return near
    return None


def accepts(db: Database, admin: Admin, code: str, moment: datetime) -> bool:
    """True also for who has none. A right code is used up by it."""
    if admin.totp_secret is None:
        return True
    if not code.isascii():
        return False
    step = step_of(admin.totp_secret, code, moment)
    return step is not None and admins.use_step(db, admin.id, step)


def set_up(db: Database, admin: Admin, secret: str, code: str, moment: datetime) -> None:
    """Only with a first code, which shows that the app has the secret."""
    step = step_of(secret, code, moment) if code.isascii() else None
    if step is None:
        raise Refusal("wrong_code", "动态码不对，请核对手机时间后再输入一次。", 400)
    admins.set_totp(db, admin.id, secret)
    admins.use_step(db, admin.id, step)
    audit.append(db, admin.name, "second_factor_on", {}, moment)


def take_away(db: Database, admin: Admin, who: str, moment: datetime) -> None:
    admins.set_totp(db, admin.id, None)
    audit.append(db, who, "second_factor_off", {"account": admin.name}, moment)

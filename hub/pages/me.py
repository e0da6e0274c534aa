"""我的账号: the own password and the own second factor."""

from typing import Annotated, Any

import msgspec
import segno
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from hub.pages.again import prove
from hub.pages.doors import FORM, back_to
from hub.pages.frame import frame
from hub.pages.person import Lately, token_of
from hub.store import admin_sessions, admins, audit
from hub.store.admins import Admin
from hub.work import second_factor
from shared.kit.clock import now
from shared.kit.passwords import hash_password
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.web.rendering import page

HERE = "/me"
LENGTH_MIN = 10
DONE = {
    "password": "密码已修改，其他地方的登录已退出。",
    "on": "第二重验证已开启，下次登录时需要动态码。",
    "off": "第二重验证已关闭。",
}


class PasswordForm(msgspec.Struct, forbid_unknown_fields=True):
    current: Annotated[str, msgspec.Meta(max_length=256)]
    password: Annotated[str, msgspec.Meta(max_length=256)]
    again: Annotated[str, msgspec.Meta(max_length=256)]
    code: Annotated[str, msgspec.Meta(max_length=16)] = ""


class FactorForm(msgspec.Struct, forbid_unknown_fields=True):
    secret: Annotated[str, msgspec.Meta(pattern="^[A-Z2-7]{32}$")]
    code: Annotated[str, msgspec.Meta(max_length=16)]


@get(HERE, sync_to_thread=True)
def show_me(
    person: NamedDependency[Admin], store: NamedDependency[Store], done: FromQuery[str] = ""
) -> Template:
    return _page(store, person, note=DONE.get(done, ""))


@post("/me/password", sync_to_thread=True, status_code=303)
def give_password(
    data: Annotated[PasswordForm, FORM],
    request: Request[Any, Any, Any],
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
) -> Redirect | Template:
    try:
        _check_new(data)
        prove(request, store, person, data.current, data.code)
    except Refusal as refusal:
        return _page(store, person, refusal=refusal)
    password_hash = hash_password(data.password)
    with store.writing() as db:
        admins.set_password(db, person.id, password_hash)
        admin_sessions.end_others(db, person.id, token_of(request))
        audit.append(db, person.name, "password_changed", {}, now())
    return back_to(HERE, "password")


def _check_new(data: PasswordForm) -> None:
    if len(data.password) < LENGTH_MIN:
        raise Refusal("short_password", f"新密码至少 {LENGTH_MIN} 个字符。", 400)
    if data.password != data.again:
        raise Refusal("passwords_differ", "两次输入的新密码不一致。", 400)
    if data.password == data.current:
        raise Refusal("same_password", "新密码与原密码相同。", 400)


@post("/me/factor", sync_to_thread=True, status_code=303)
def give_factor(
    data: Annotated[FactorForm, FORM],
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    store: NamedDependency[Store],
) -> Redirect | Template:
    lately.require()
    try:
        with store.writing() as db:
            if person.totp_secret is not None:
                raise Refusal("factor_is_on", "第二重验证已经开启；要换一部手机请先关闭。")
            second_factor.set_up(db, person, data.secret, data.code, now())
    except Refusal as refusal:
        return _page(store, person, refusal=refusal, secret=data.secret)
    return back_to(HERE, "on")


@post("/me/factor/off", sync_to_thread=True, status_code=303)
def take_factor_away(
    person: NamedDependency[Admin],
    lately: NamedDependency[Lately],
    store: NamedDependency[Store],
) -> Redirect:
    lately.require()
    with store.writing() as db:
        second_factor.take_away(db, person, person.name, now())
    return back_to(HERE, "off")


def _page(
    store: Store,
    person: Admin,
    note: str = "",
    refusal: Refusal | None = None,
    secret: str = "",
) -> Template:
    secret = secret or second_factor.new_secret()
    picture = segno.make(second_factor.uri(secret, person.name), error="m")
    with store.reading() as db:
        return page(
            "me.html",
            status_code=refusal.status if refusal else 200,
            frame=frame(db, person, HERE, now()),
            name=person.name,
            has_factor=person.totp_secret is not None,
            secret=secret,
            picture=picture.svg_data_uri(scale=4, border=2, dark="black", light="white"),
            length_min=LENGTH_MIN,
            note=note,
            problem=refusal.text if refusal else "",
        )


ROUTES = [show_me, give_password, give_factor, take_factor_away]

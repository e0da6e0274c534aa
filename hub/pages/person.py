"""Who is at the door: the signed-in person of a request, and what a viewer may not do."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.di import NamedDependency
from litestar.response import Redirect

from hub.store import admin_sessions
from hub.store.admins import Admin
from hub.work.sign_in import IDLE, LONGEST, PROVED, TOUCH_AFTER
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.kit.tokens import hash_token
from shared.web.rendering import PART_HEADER

COOKIE = "shengping_hub"


def provide_person(request: Request[Any, Any, Any], store: NamedDependency[Store]) -> Admin:
    """A dependency: Refusal when nobody is signed in, or was too long idle."""
    moment, token_hash = now(), token_of(request)
    with store.reading() as db:
        session = admin_sessions.session(db, token_hash)
    if session is None:
        raise Refusal("signed_out", "请先登录。", 401)
    if moment - session.seen_at > IDLE or moment - session.created_at > LONGEST:
        raise Refusal("signed_out", "登录已过期，请重新登录。", 401)
    # A page that refreshes itself is no sign that someone sits before it.
    if PART_HEADER not in request.headers and moment - session.seen_at > TOUCH_AFTER:
        with store.writing() as db:
            admin_sessions.touch(db, token_hash, moment)
    return session.admin


class ProveAgain(Refusal):
    """What is about to be done asks for the password once more; then `back` is shown again."""

    def __init__(self, back: str) -> None:
        super().__init__("prove_again", "请先再次验证密码。", 403)
        self.back = back


@dataclass(frozen=True, slots=True)
class Lately:
    """Whether the person has just given the password."""

    is_so: bool
    back: str

    def require(self) -> None:
        if not self.is_so:
            raise ProveAgain(self.back)


def provide_lately(request: Request[Any, Any, Any], store: NamedDependency[Store]) -> Lately:
    with store.reading() as db:
        session = admin_sessions.session(db, token_of(request))
    is_so = session is not None and now() - session.proved_at <= PROVED
    return Lately(is_so, own_path(urlsplit(request.headers.get("referer", "")).path))


def own_path(text: str) -> str:
    """A path of these pages and nothing else, so that nobody is led elsewhere."""
    return text if re.fullmatch(r"/[a-z0-9/-]*", text) and not text.startswith("//") else "/"


def ask_again(_: Request[Any, Any, Any], refusal: ProveAgain) -> Redirect:
    return Redirect(f"/again?back={refusal.back}", status_code=303)


def may_act(person: Admin) -> None:
    if person.role != "city_admin":
        raise Refusal("viewer", "当前账号只能查看，不能操作。请用市级管理员账号登录。", 403)


def token_of(request: Request[Any, Any, Any]) -> str:
    """The hash of the session's token; of an empty one when there is none."""
    return hash_token(request.cookies.get(COOKIE, ""))


def address_of(request: Request[Any, Any, Any]) -> str:
    return request.client.host if request.client else ""

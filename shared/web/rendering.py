"""Pages: templates with their filters, versioned static files, headers, refusals made readable."""

import errno
import functools
import hashlib
import logging
import mimetypes
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response, Router
from litestar.exceptions import HTTPException
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect, Template
from litestar.template.config import TemplateConfig
from litestar.types import ExceptionHandlersMap, Message, Scope

from shared.kit.refusal import Refusal
from shared.web import statics, words

# Windows takes these from its registry, where .js is often text/plain: a blank page.
for _suffix, _type in {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".mp4": "video/mp4",
}.items():
    mimetypes.add_type(_type, _suffix)

log = logging.getLogger(__name__)

PRODUCT = "音乐实操阅卷"
PART_HEADER = "x-part"
"""Sent by refresh.js: whoever asks for a part of a page must not be sent to another page."""
SHARED = Path(__file__).parent

SECURITY_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; media-src 'self' blob:; img-src 'self' data: blob:; "
        b"object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True, slots=True)
class NavItem:
    url: str
    label: str
    badge: int = 0
    """Shown in red when above 0."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every page of a signed-in person: each program fills it."""

    place: str
    """市级中控台, or the name of the lab's server."""
    nav: Sequence[NavItem]
    here: str
    """The url of the nav item that is open."""
    person: str
    badge: str = ""
    """Exam and sitting, e.g. 2023全市监测 · 正式阅卷."""
    badge_tone: str = ""
    """"warn" for a trial."""
    link: str = ""
    """One short sentence about the connection or the age of the data."""
    link_tone: str = "ok"
    action: NavItem | None = None
    menu: Sequence[NavItem] = ()
    """What the person's own menu leads to."""
    sign_out: str = "/sign-out"
    product: str = field(default=PRODUCT)


@functools.cache
def template_config(*packages: Path) -> TemplateConfig[JinjaTemplateEngine]:
    """Templates of the given packages, then the shared ones; an unknown name is an error."""
    folders = (*packages, SHARED)
    environment = Environment(
        loader=FileSystemLoader([folder / "templates" for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(words.FILTERS)
    version = _version(*folders)
    environment.globals["static"] = lambda path: f"/static/{version}/{path}"
    environment.globals["product"] = PRODUCT
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def static_router(*packages: Path) -> Router:
    """The files under static/ of the packages and the shared ones, as one folder.

    The address changes with the content, so browsers may keep them for ever.
    """
    folders = (*packages, SHARED)
    return statics.router(f"/static/{_version(*folders)}", *folders)


def page(name: str, /, *, status_code: int = 200, **context: Any) -> Template:
    return Template(name, context=context, status_code=status_code, media_type="text/html")


async def add_security_headers(message: Message, _: Scope) -> None:
    """For Litestar's before_send: on every answer, those of errors too."""
    if message["type"] != "http.response.start":
        return
    headers = list(message["headers"])
    present = {name.lower() for name, _ in headers}
    headers += [header for header in SECURITY_HEADERS if header[0] not in present]
    message["headers"] = headers


def exception_handlers(sign_in: str) -> ExceptionHandlersMap:
    """Every wrong thing as a Chinese page, or as {"code", "text"} for programs.

    A person who is signed out (401) and asks for a page is taken to `sign_in`.
    """

    def refused(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
        is_page = request.method == "GET" and not _wants_json(request)
        if refusal.status == 401 and is_page and request.scope["path"] != sign_in:
            return Redirect(sign_in, status_code=303)
        return _answer(request, refusal.status, refusal.code, refusal.text)

    return {
        Refusal: refused,
        HTTPException: _http_problem,
        sqlite3.OperationalError: _database_problem,
        OSError: _file_problem,
        Exception: _bug,
    }


def _database_problem(
    request: Request[Any, Any, Any], problem: sqlite3.OperationalError
) -> Response[Any]:
    # Only what SQLite itself says has a code; what the module says of misuse has none.
    if getattr(problem, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return _disk_full(request, problem)
    return _bug(request, problem)


def _file_problem(request: Request[Any, Any, Any], problem: OSError) -> Response[Any]:
    return (_disk_full if problem.errno == errno.ENOSPC else _bug)(request, problem)


def _disk_full(request: Request[Any, Any, Any], problem: Exception) -> Response[Any]:
    """Nothing of the request was kept, and whoever sent it has to know."""
    log.error("%s %s: the disk is full: %s", request.method, request.scope["path"], problem)
    return _answer(request, 507, *_PROBLEMS[507])


def _http_problem(request: Request[Any, Any, Any], problem: HTTPException) -> Response[Any]:
    code, text = _PROBLEMS.get(problem.status_code, ("refused", "这个请求无法处理。"))
    if problem.status_code >= 500:
        log.error("%s %s: %s", request.method, request.scope["path"], problem)
    return _answer(request, problem.status_code, code, text)


def _bug(request: Request[Any, Any, Any], problem: Exception) -> Response[Any]:
    log.error("%s %s failed", request.method, request.scope["path"], exc_info=problem)
    return _answer(request, 500, *_PROBLEMS[500])


_PROBLEMS = {
    400: ("invalid", "提交的内容不完整或不符合要求。页面可能是旧的，请刷新后再试。"),
    404: ("not_found", "没有这个页面，或者内容已不存在。"),
    405: ("not_found", "这个地址不能这样使用。"),
    413: ("too_large", "提交的内容太大。"),
    507: (
        "disk_full",
        "这台服务器的磁盘已满，刚才的内容没有保存。请通知技术人员腾出空间，然后重试。",
    ),
    500: ("bug", "程序出错，已写入日志。可以重试；若仍然出错，请联系技术人员。"),
}


def _answer(request: Request[Any, Any, Any], status: int, code: str, text: str) -> Response[Any]:
    if _wants_json(request):
        return Response({"code": code, "text": text}, status_code=status)
    return page("refusal.html", status_code=status, text=text)


def _wants_json(request: Request[Any, Any, Any]) -> bool:
    return (
        request.scope["path"].startswith(("/api/", "/sync/"))
        or "application/json" in request.headers.get("accept", "")
        or PART_HEADER in request.headers
    )


@functools.cache
def _version(*folders: Path) -> str:
    """Of what browsers get, so that it changes with how files are sent, too."""
    digest = hashlib.sha256()
    for name, file in sorted(statics.static_files(*folders).items()):
        digest.update(name.encode() + b"\0" + file.content)
    return digest.hexdigest()[:12]

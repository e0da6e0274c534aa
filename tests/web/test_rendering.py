"""Pages: escaped, framed, with headers, and readable when something is wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar, Request, get, post
from litestar.exceptions import ValidationException
from litestar.params import FromQuery
from litestar.response import Template
from litestar.testing import TestClient

from shared.kit.refusal import Refusal
from shared.web.guards import same_origin
from shared.web.rendering import (
    Frame,
    NavItem,
    add_security_headers,
    exception_handlers,
    page,
    static_router,
    template_config,
)

HELLO = """{% extends "frame.html" %}
{% block title %}总览{% endblock %}
{% block main %}<p>{{ name }} {{ 0 | share(0) }} {{ 1234 | number }}</p>{% endblock %}"""


@get("/", sync_to_thread=False)
def hello(name: FromQuery[str] = "<script>") -> Template:
    frame = Frame(
        place="市级中控台",
        nav=[NavItem("/", "总览"), NavItem("/nodes", "节点", 2)],
        here="/",
        person="王一一",
        badge="2023全市监测 · 试阅",
        badge_tone="warn",
        link="数据更新于 13:05:20",
    )
    return page("hello.html", frame=frame, name=name)


@get(["/refused", "/api/refused"], sync_to_thread=False)
def refused() -> None:
    raise Refusal("too_late", "已进入3评，不能修改。")


@get(["/signed-out", "/api/signed-out"], sync_to_thread=False)
def signed_out() -> None:
    raise Refusal("signed_out", "请先登录。", 401)


@get("/broken", sync_to_thread=False)
def broken() -> None:
    raise RuntimeError("a secret detail")


@get("/wrong-template", sync_to_thread=False)
def wrong_template() -> Template:
    return page("hello.html")


@get("/api/invalid", sync_to_thread=False)
def invalid(request: Request[Any, Any, Any]) -> None:
    raise ValidationException("a detail in English")


@post("/act", sync_to_thread=False, status_code=204)
def act() -> None:
    return None


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "hello.html").write_text(HELLO, encoding="utf-8")
    app = Litestar(
        [
            *(hello, refused, signed_out, broken, wrong_template, invalid, act),
            static_router(tmp_path),
        ],
        template_config=template_config(tmp_path),
        exception_handlers=exception_handlers("/sign-in"),
        before_send=[add_security_headers],
        guards=[same_origin],
        openapi_config=None,
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def test_a_page_stands_in_its_frame(client: TestClient[Litestar]) -> None:
    text = client.get("/").text
    for expected in ("音乐实操阅卷", "市级中控台", "王一一", "退出登录", "1,234", "--"):
        assert expected in text
    assert 'href="/nodes"' in text
    assert '<span class="count">2</span>' in text
    assert 'aria-current="page"' in text


def test_names_are_shown_and_never_run(client: TestClient[Litestar]) -> None:
    text = client.get("/").text
    assert "&lt;script&gt;" in text
    assert "<p><script>" not in text


def test_nothing_of_a_page_is_inline(client: TestClient[Litestar]) -> None:
    text = client.get("/").text
    assert "style=" not in text
    assert "<style" not in text
    assert "<script>" not in text.replace("&lt;script&gt;", "")


def test_every_answer_carries_the_headers(client: TestClient[Litestar]) -> None:
    for path in ("/", "/refused", "/broken", "/nowhere", "/api/refused"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_static_files_are_kept_for_ever_and_have_their_types(client: TestClient[Litestar]) -> None:
    text = client.get("/").text
    address = text.split('src="')[1].split('"')[0]
    assert address.startswith("/static/")
    answer = client.get(address)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/../frame.html").status_code == 404


def test_a_refusal_is_a_page_for_people_and_json_for_programs(
    client: TestClient[Litestar],
) -> None:
    answer = client.get("/refused")
    assert answer.status_code == 409
    assert "已进入3评，不能修改。" in answer.text
    assert client.get("/api/refused").json() == {
        "code": "too_late",
        "text": "已进入3评，不能修改。",
    }


def test_who_is_signed_out_is_taken_to_the_sign_in(client: TestClient[Litestar]) -> None:
    answer = client.get("/signed-out", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.get("/api/signed-out").status_code == 401
    assert client.get("/signed-out", headers={"X-Part": "1"}).json()["code"] == "signed_out"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nowhere", 404), ("/broken", 500), ("/wrong-template", 500), ("/api/invalid", 400)],
)
def test_other_problems_are_said_in_chinese(
    client: TestClient[Litestar], path: str, status: int
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert "secret" not in answer.text
    assert "English" not in answer.text


def test_a_form_of_another_site_is_refused(client: TestClient[Litestar]) -> None:
    ours = str(client.base_url)
    assert client.post("/act").status_code == 204
    assert client.post("/act", headers={"Origin": ours}).status_code == 204
    assert client.post("/act", headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.post("/act", headers={"Origin": "null"}).status_code == 403
    assert client.post("/act", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403

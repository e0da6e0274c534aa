"""A browser at the hub's pages: signed in as admin or viewer, over real requests."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from hub.settings import HubSettings
from hub.store import admins
from hub.store.admins import AdminRole
from shared.kit.passwords import hash_password
from shared.kit.store import Store
from tests.apps import a_hub_app

ADMIN, VIEWER = "赵四四", "孙五五"
PASSWORD = "很长的密码-2023"
_HASH = hash_password(PASSWORD)

Browser = TestClient[Litestar]


@contextmanager
def a_browser(folder: Path) -> Iterator[Browser]:
    """Nobody is signed in yet; there is one admin and one viewer."""
    with (
        a_hub_app(HubSettings(data=folder)) as app,
        TestClient(app, raise_server_exceptions=False) as browser,
    ):
        with store_of(browser).writing() as db:
            admins.add(db, ADMIN, _HASH, "city_admin")
            admins.add(db, VIEWER, _HASH, "city_viewer")
        yield browser


def store_of(browser: Browser) -> Store:
    store: Store = browser.app.state.store
    return store


def export_done(browser: Browser, form: str) -> Response:
    """Asks for an export, waits for it, and takes the newest file away."""
    asked = browser.post("/results/export", data={"format": form}, follow_redirects=False)
    assert asked.headers.get("location") == "/results", asked.text
    browser.app.state.exports.wait()
    return browser.get(links_to_files(browser)[0])


def links_to_files(browser: Browser) -> list[str]:
    return re.findall(r'href="(/results/files/\d+)"', browser.get("/results").text)


def sign_in(browser: Browser, role: AdminRole = "city_admin") -> None:
    name = ADMIN if role == "city_admin" else VIEWER
    answer = browser.post(
        "/sign-in", data={"name": name, "password": PASSWORD}, follow_redirects=False
    )
    assert answer.status_code == 303, answer.text

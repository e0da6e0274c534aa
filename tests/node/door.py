"""The real node as its browsers see it: one app, and as many PCs before it as a test needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from litestar.testing import TestClient

from node.pages.people import COOKIE
from node.settings import NodeSettings
from node.store import sessions
from node.uplink.http import MakeHttp
from shared.kit.store import Store
from shared.kit.tokens import hash_token
from shared.wire.messages import TaskCard
from tests.apps import a_node_app
from tests.makers import WANG, a_node_store, a_phone, enrol
from tests.node.standin_hub import link_down

PASSWORD = "kept-in-mind-7"
VIDEO = b"a video"


def no_hub(_: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(link_down), base_url="http://hub.test")


class Pc:
    """A browser with its own cookie."""

    def __init__(self, client: TestClient[Any]) -> None:
        self._client = client
        self.token = ""

    def get(self, url: str, **settings: Any) -> httpx.Response:
        return self.ask("GET", url, **settings)

    def post(self, url: str, **settings: Any) -> httpx.Response:
        return self.ask("POST", url, **settings)

    def ask(self, method: str, url: str, **settings: Any) -> httpx.Response:
        headers = {"Cookie": f"{COOKIE}={self.token}"} | settings.pop("headers", {})
        answer = self._client.request(
            method, url, headers=headers, follow_redirects=False, **settings
        )
        self._client.cookies.clear()
        if COOKIE in answer.headers.get("set-cookie", ""):
            self.token = answer.cookies.get(COOKIE) or ""
        return answer

    def sign_in(self, account_id: int = WANG, password: str = "") -> httpx.Response:
        """With the initial password where none is given."""
        phone = a_phone(account_id)
        return self.post("/", data={"phone": phone, "password": password or phone[-4:]})

    @property
    def token_hash(self) -> str:
        return hash_token(self.token)


class Lab:
    """The running node."""

    def __init__(self, client: TestClient[Any], folder: Path) -> None:
        self._client = client
        self.folder = folder

    @property
    def store(self) -> Store:
        store: Store = self._client.app.state.store
        return store

    @property
    def state(self) -> Any:
        return self._client.app.state

    def pc(self) -> Pc:
        return Pc(self._client)

    def at_work(self, account_id: int = WANG) -> Pc:
        """A PC whose person is signed in and past the first change of password."""
        pc = self.pc()
        answer = pc.sign_in(account_id)
        if answer.headers.get("location") == "/password":
            answer = pc.post("/password", data={"password": PASSWORD, "again": PASSWORD})
        assert answer.status_code == 303, answer.text
        return pc

    def seen_at(self, pc: Pc) -> str:
        with self.store.reading() as db:
            session = sessions.session(db, pc.token_hash)
        return session.seen_at.isoformat() if session else ""


@contextmanager
def a_lab(
    folder: Path,
    *task_cards: TaskCard,
    make_http: MakeHttp = no_hub,
    is_enrolled: bool = True,
    daily_check: str = "off",
    **policies: str | int | bool,
) -> Iterator[Lab]:
    """A node whose hub is away, with the whole cast and the videos of the given tasks."""
    store = a_node_store(folder, *task_cards, **policies)
    if is_enrolled:
        enrol(store)
    store.close()
    for card in task_cards:
        keep_video(folder, card)
    settings = NodeSettings(data=folder, daily_check=daily_check)
    with a_node_app(settings, make_http) as app, TestClient(app) as client:
        yield Lab(client, folder)


def keep_video(folder: Path, card: TaskCard) -> None:
    """Every video card of the makers is of these bytes."""
    path = _path(folder, card)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(VIDEO)


def remove_video(folder: Path, card: TaskCard) -> None:
    _path(folder, card).unlink()


def _path(folder: Path, card: TaskCard) -> Path:
    sha256 = card.video.sha256
    return folder / "videos" / sha256[:2] / f"{sha256}.mp4"

"""The real node behind real sockets, in a thread of the test, with its markers signed in."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from node.app import create_app
from node.pages.people import COOKIE
from node.serving import Server, configured
from node.settings import NodeSettings
from node.store import accounts
from node.work.sign_in import begin
from shared.kit.clock import now
from shared.kit.listening import bind
from shared.kit.store import Store
from shared.wire.messages import TaskCard
from tests.makers import a_node_store, enrol


@dataclass(frozen=True, slots=True)
class Served:
    """A running node; each signed-in account has its cookie."""

    url: str
    port: int
    folder: Path
    cookies: dict[int, str]

    def client(self, account_id: int) -> httpx.Client:
        headers = {"Cookie": self.cookies[account_id]}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def path(self, card: TaskCard) -> Path:
        sha256 = card.video.sha256
        return self.folder / "videos" / sha256[:2] / f"{sha256}.mp4"


@contextmanager
def a_served_node(
    folder: Path, works: Sequence[tuple[TaskCard, bytes]], people: Sequence[int]
) -> Iterator[Served]:
    folder.mkdir(parents=True, exist_ok=True)
    store = a_node_store(folder, *(card for card, _ in works), first_sign_in="keep")
    enrol(store)
    cookies = {account_id: sign_in(store, account_id) for account_id in people}
    store.close()
    settings = NodeSettings(folder, "127.0.0.1", 0, daily_check="off")
    listening = bind("127.0.0.1", 0)
    port = listening.getsockname()[1]
    served = Served(f"http://127.0.0.1:{port}", port, folder, cookies)
    for card, content in works:
        served.path(card).parent.mkdir(parents=True, exist_ok=True)
        served.path(card).write_bytes(content)
    server = Server(configured(create_app(settings)))
    running = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    running.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield served
    finally:
        server.should_exit = True
        running.join()


def sign_in(store: Store, account_id: int) -> str:
    with store.writing() as db:
        account = accounts.account(db, account_id)
        assert account is not None
        return f"{COOKIE}={begin(db, account, '127.0.0.1', now())}"

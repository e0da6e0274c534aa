"""The hub as a running program: real sockets, one program on a folder, a quick end."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from hub.settings import HubSettings, settings_from
from hub.store import feed, meta
from shared.kit.clock import now, stamp
from shared.kit.ids import new_id
from shared.kit.listening import bind
from shared.kit.refusal import Refusal
from shared.wire import paths, signing
from shared.wire.messages import PullRequest
from tests.hub.door import SECRET, a_status
from tests.hub.makers import an_allocated_hub

SERVE = """
import sys
from pathlib import Path
from hub.serving import serve
from hub.settings import settings_from
from shared.kit.refusal import Refusal
try:
    serve(settings_from(Path(sys.argv[1]), {"host": "127.0.0.1", "port": int(sys.argv[2])}))
except Refusal as refusal:
    print(refusal.code, flush=True)
    sys.exit(1)
"""


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            wait_for(port)
            yield process
        finally:
            process.kill()


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            httpx.get(f"http://127.0.0.1:{port}/health", timeout=1).raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError("the hub did not start")


def pull(port: int, body: bytes) -> httpx.Response:
    time_text, nonce = stamp(now()), new_id(now())
    signature = signing.sign_request(SECRET, "POST", paths.PULL, body, time_text, nonce)
    headers = {
        paths.NODE_HEADER: "1",
        paths.TIME_HEADER: time_text,
        paths.NONCE_HEADER: nonce,
        paths.SIGNATURE_HEADER: signature,
    }
    return httpx.post(
        f"http://127.0.0.1:{port}{paths.PULL}", content=body, headers=headers, timeout=40
    )


def test_the_hub_serves_lets_waiting_nodes_go_and_ends_at_once(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    with store.reading() as db:
        inc, end = meta.hub_inc(db), feed.last_seq(db)
    store.close()
    port = a_free_port()
    body = msgspec.json.encode(PullRequest(hub_inc=inc, after=end, wait_s=25, status=a_status()))
    answers: list[httpx.Response] = []
    with serving(tmp_path, port) as process:
        waiting = threading.Thread(target=lambda: answers.append(pull(port, body)))
        waiting.start()
        time.sleep(1)
        second = subprocess.run(
            [sys.executable, "-c", SERVE, str(tmp_path), str(a_free_port())],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert (second.returncode, second.stdout.strip()) == (1, "data_in_use")
        process.send_signal(signal.SIGTERM)
        # Long before the node's 25 s of waiting are over.
        process.wait(10)
        waiting.join(10)
    assert answers[0].status_code == 200 and answers[0].json()["items"] == []
    assert (tmp_path / "logs" / "hub.log").read_text().count("Traceback") == 0


def test_a_port_in_use_is_refused_in_words() -> None:
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(Refusal) as refused:
            bind("127.0.0.1", taken.getsockname()[1])
        assert refused.value.code == "port_in_use"


def test_settings_come_from_the_file_the_environment_and_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings_from(tmp_path, {"port": None}) == HubSettings(data=tmp_path)
    (tmp_path / "hub.toml").write_text('port = 9000\nhost = "10.0.0.1"\nbackups_kept = 3\n')
    monkeypatch.setenv("SHENGPING_HUB_HOST", "10.0.0.2")
    found = settings_from(tmp_path, {"port": 9001})
    assert (found.port, found.host, found.backups_kept) == (9001, "10.0.0.2", 3)
    assert found.data == tmp_path


@pytest.mark.parametrize(
    "flags",
    [{"port": 70000}, {"backup_minutes": 0}, {"backups_kept": 0}, {"certificate": "a.pem"}],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, flags: dict[str, object]) -> None:
    with pytest.raises(Refusal):
        settings_from(tmp_path, flags)

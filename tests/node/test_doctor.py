"""The doctor: what it finds on this very PC, and what it says of PCs that are not well."""

import socket
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from node.__main__ import main
from node.doctor import rules
from node.doctor.examine import damage, examine, write_problem
from node.doctor.findings import Finding, Light, as_text, verdict, worst
from node.doctor.rules import Disk, PortUse
from node.machine import canary, linux, windows
from node.settings import NodeSettings
from node.uplink.look import HubLook, HubState, look_at
from tests.makers import NINE, a_node_store, enrol

CERTIFICATE = Path(__file__).with_name("hub-of-tests.pem")
"""Made for these tests, for 127.0.0.1, and trusted by nobody."""
GB = 1_000_000_000


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lights(findings: list[Finding]) -> dict[str, Light]:
    return {found.code: found.light for found in findings}


@contextmanager
def answering(
    status: int, body: bytes, date: str = "", certificate: Path | None = None
) -> Iterator[str]:
    """A web server that says always the same."""

    class Handler(BaseHTTPRequestHandler):
        DATE: ClassVar[str] = date

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return self.DATE or super().date_time_string(timestamp)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "http" if certificate is None else "https"
        running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        running.start()
        try:
            yield f"{scheme}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            running.join()


def test_a_technician_gets_a_verdict_a_remedy_for_each_problem_and_a_file_to_send(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "机房 数据"
    main(["doctor", "--data", str(data), "--port", str(a_free_port())])
    out = capsys.readouterr().out
    assert "还没有接入市级中心" in out and "→ 在本机浏览器打开 /setup" in out
    assert "[正常] 文件权限" in out
    assert "结论：" in out
    assert "结论：" in (data / "logs" / "doctor.txt").read_text("utf-8")


def test_an_enrolled_node_is_examined_while_its_hub_answers(tmp_path: Path) -> None:
    store = a_node_store(tmp_path)
    with answering(200, b'{"ok": true}') as url:
        enrol(store, hub_url=url)
        seen = lights(examine(NodeSettings(tmp_path, "127.0.0.1", a_free_port())))
    store.close()
    assert seen["hub"] is seen["sqlite"] is seen["rights"] is Light.GREEN
    assert seen["clock"] is Light.GREEN
    # Free, since nothing runs; http, since it is a test.
    assert seen["port"] is seen["certificate"] is Light.AMBER


def test_every_problem_has_a_remedy_and_nothing_green_has_one() -> None:
    look = HubLook(HubState.WELL, "https://hub.test", "", timedelta(), timedelta(days=100))
    findings = [
        *(rules.port(8080, use) for use in PortUse),
        *(rules.firewall(known, 8080, is_loopback=False) for known in (True, False, None)),
        rules.firewall(None, 8080, is_loopback=True),
        *(rules.rights("D:\\数据", said) for said in ("", "拒绝访问")),
        *(rules.secrecy(known) for known in (True, False)),
        *(rules.disk(Disk(kind, 50 * GB, GB, GB)) for kind in ("fixed", "network", "removable")),
        rules.disk(Disk("fixed", GB, 5 * GB, GB)),
        *(rules.restore(n, guards) for n in (0, 1) for guards in ((), ("冰点还原",))),
        *(rules.antivirus(found, "程序", "数据") for found in ((), ("360",))),
        *(rules.hub(HubLook(state)) for state in HubState),
        *(rules.certificate(one) for one in (look, HubLook(HubState.WELL, "http://hub.test"))),
        *(rules.clock(timedelta(minutes=n)) for n in (0, 3, -600)),
        *(rules.sqlite(v, d) for v in ((3, 30, 0), (3, 40, 1), (3, 51, 3)) for d in ("", "x")),
        *(rules.sleep(minutes, "powercfg") for minutes in (0, 30, None)),
        *(rules.autostart(known) for known in (True, False)),
    ]
    assert {f.light for f in findings if f is not None} == set(Light)
    for found in findings:
        assert found is not None
        assert (found.light is Light.GREEN) == (found.remedy == ""), found


def test_the_worst_finding_is_the_verdict_and_comes_first() -> None:
    well = Finding("a", "甲", Light.GREEN, "好。")
    odd = Finding("b", "乙", Light.AMBER, "怪。", "看。")
    bad = Finding("c", "丙", Light.RED, "坏。", "修。")
    assert worst([well, odd]) is Light.AMBER and "可以阅卷，但有 1 项" in verdict([well, odd])
    assert as_text([well, odd, bad]).splitlines()[0] == "[不行] 丙：坏。"
    assert "暂时不能" in verdict([bad]) and verdict([well]).startswith("可以阅卷")


@pytest.mark.parametrize(
    ("seen", "light"),
    [
        (Disk("fixed", 50 * GB, 20 * GB, 2 * GB), Light.GREEN),
        (Disk("fixed", 21 * GB, 20 * GB, 2 * GB), Light.AMBER),
        (Disk("fixed", GB, 0, 2 * GB), Light.RED),
        (Disk("network", 500 * GB, 0, 2 * GB), Light.RED),
        (Disk("synced", 500 * GB, 0, 2 * GB), Light.RED),
        (Disk("memory", 500 * GB, 0, 2 * GB), Light.RED),
    ],
)
def test_the_disk_must_be_a_local_one_with_room(seen: Disk, light: Light) -> None:
    assert rules.disk(seen).light is light


def test_a_restore_card_is_disproved_only_by_a_start_that_the_folder_outlived(
    tmp_path: Path,
) -> None:
    canary.sing(tmp_path, "monday", NINE)
    assert canary.boots_survived(tmp_path, "monday") == 0
    canary.sing(tmp_path, "tuesday", NINE)
    canary.sing(tmp_path, "tuesday", NINE)
    assert canary.boots_survived(tmp_path, "tuesday") == 1
    assert rules.restore(1, ("冰点还原",)).light is Light.GREEN
    assert rules.restore(0, ("冰点还原",)).light is Light.RED
    assert rules.restore(0, ()).light is Light.AMBER
    (tmp_path / canary.NAME).write_bytes(b"\xff")
    assert canary.boots_survived(tmp_path, "tuesday") == 0


def test_a_folder_that_cannot_be_written_to_is_found(tmp_path: Path) -> None:
    assert write_problem(tmp_path / "new") == ""
    (tmp_path / "file").write_text("")
    assert write_problem(tmp_path / "file") != ""


def test_a_damaged_database_is_found(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    assert damage(path) == ""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t (x)")
        db.executemany("INSERT INTO t VALUES (?)", [("y" * 3000,)] * 20)
        db.commit()
    assert damage(path) == ""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xee" * 8192)
    assert damage(path) != ""


def test_a_port_that_another_program_has_is_red(tmp_path: Path) -> None:
    with answering(200, b"<html>") as url:
        port = int(url.rsplit(":", 1)[1])
        seen = lights(examine(NodeSettings(tmp_path, "127.0.0.1", port)))
    assert seen["port"] is Light.RED


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (200, b'{"ok": true}', HubState.WELL),
        (200, b"<html>login</html>", HubState.NOT_A_HUB),
        (200, b"[]", HubState.NOT_A_HUB),
        (302, b"", HubState.NOT_A_HUB),
    ],
)
def test_a_sign_in_page_of_the_school_is_not_taken_for_the_hub(
    status: int, body: bytes, state: HubState
) -> None:
    with answering(status, body) as url:
        assert look_at(url).state is state


def test_a_hub_that_does_not_answer_lets_marking_go_on() -> None:
    seen = look_at(f"http://127.0.0.1:{a_free_port()}")
    assert seen.state is HubState.AWAY
    assert rules.hub(seen).light is Light.AMBER
    assert look_at("http://nowhere.invalid").state is HubState.AWAY
    assert look_at("https://[").state is HubState.AWAY


def test_a_clock_that_is_off_is_measured_against_the_hubs() -> None:
    with answering(200, b'{"ok": true}', date="Thu, 13 Apr 2023 09:00:00 GMT") as url:
        slow = look_at(url, lambda: datetime(2023, 4, 13, 8, 0, tzinfo=UTC))
        odd = look_at(url, lambda: datetime(2023, 4, 13, 9, 0, 1, tzinfo=UTC))
    assert slow.ahead is not None and odd.ahead is not None
    found = rules.clock(slow.ahead)
    assert found is not None and found.light is Light.AMBER and "慢约 60 分钟" in found.said
    good = rules.clock(odd.ahead)
    assert good is not None and good.light is Light.GREEN


def test_a_certificate_is_checked_and_its_days_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with answering(200, b'{"ok": true}', certificate=CERTIFICATE) as url:
        unknown = look_at(url)
        # Where OpenSSL looks for the system's store.
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        well = look_at(url)
    assert unknown.state is HubState.BAD_CERTIFICATE
    found = rules.hub(unknown)
    assert found.light is Light.RED
    assert "签发它的机构不被信任" in found.said and f"本机时间是 {unknown.local_time}" in found.said
    assert well.state is HubState.WELL and well.certificate_left is not None
    good = rules.certificate(well)
    assert good is not None and good.light is Light.GREEN
    near = rules.certificate(HubLook(HubState.WELL, url, certificate_left=timedelta(days=3)))
    assert near is not None and near.light is Light.AMBER and "3 天" in near.said


def test_windows_tells_the_sleep_setting_in_any_language() -> None:
    chinese = (
        "电源方案 GUID: 381b\n当前交流电源设置索引: 0x00000708\n当前直流电源设置索引: 0x00000384"
    )
    assert windows.minutes_on_mains(chinese) == 30
    assert windows.minutes_on_mains("AC: 0x00000000\nDC: 0x00000384") == 0
    assert windows.minutes_on_mains("拒绝访问") is None


def test_windows_rights_are_read_by_their_sddl() -> None:
    ours = "数据\nD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;LS)"
    assert windows.others_may_not(ours)
    assert not windows.others_may_not(ours + "(A;OICI;0x1200a9;;;BU)")


def test_the_kind_of_disk_goes_by_the_nearest_mount() -> None:
    mounts = "/dev/a / ext4 rw 0 0\nsrv:/x /srv/nas nfs4 rw 0 0\ntmpfs /run/my\\040ram tmpfs rw 0 0"
    assert linux.disk_kind(Path("/data"), mounts) == "fixed"
    assert linux.disk_kind(Path("/srv/nas/data"), mounts) == "network"
    assert linux.disk_kind(Path("/srv/nas2"), mounts) == "fixed"
    assert linux.disk_kind(Path("/run/my ram/x"), mounts) == "memory"
    assert windows.disk_kind(Path("/Users/OneDrive - 学校/数据")) == "synced"

"""视频缓存, 同步记录, 设置与诊断: what the technician sees, does, takes away and brings back."""

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import node.schema
from node.store import exam, marks, meta, outbox, tasks, videos
from node.uplink import prefetch
from node.work.give_mark import give_mark
from node.work.take_in_backup import take_in_backup
from shared.kit.clock import now
from shared.kit.ids import new_id
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.wire.messages import EventResult
from tests.makers import ANTHEM, SONG, SUN, WANG, a_node_store, a_phone, a_task_card, enrol
from tests.node.door import Lab, Pc, a_lab
from tests.node.test_give_mark import an_answer

CARDS = (a_task_card(1), a_task_card(2), a_task_card(3, group_id=ANTHEM))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Task 1 is marked; the videos 4 (选唱) and 5 (国歌) are still to come."""
    with a_lab(tmp_path / "n", *CARDS, first_sign_in="keep") as lab:
        with lab.store.writing() as db:
            give_mark(db, WANG, an_answer(1), now())
            for task_id, group in ((4, SONG), (5, ANTHEM)):
                want(db, task_id, group)
        yield lab


def want(db: object, task_id: int, group: int) -> None:
    card = a_task_card(task_id, group_id=group)
    card.video.sha256 = f"{task_id:064x}"
    videos.want(db, card.video)  # type: ignore[arg-type]
    tasks.put(db, card, now())  # type: ignore[arg-type]


@pytest.fixture
def technician(lab: Lab) -> Pc:
    return lab.at_work(SUN)


def wanted(lab: Lab) -> list[int]:
    with lab.store.reading() as db:
        return [int(video.sha256, 16) for video in videos.next_wanted(db, 10)]


def test_the_cache_shows_each_group_and_what_did_not_come(lab: Lab, technician: Pc) -> None:
    with lab.store.writing() as db:
        for _ in range(videos.TRIES_MAX):
            videos.set_failed(db, f"{4:064x}", "内容校验不一致，将重新下载")
    page = technician.get("/cache").text
    assert page.count('<th scope="row">') == 2
    assert "ZX-000004" in page and "内容校验不一致" in page and "有失败" in page
    technician.post(f"/cache/videos/{4:064x}/retry")
    assert wanted(lab)[0] == 4


def test_the_group_that_is_put_first_is_fetched_first(lab: Lab, technician: Pc) -> None:
    assert wanted(lab) == [4, 5]
    technician.post(f"/cache/groups/{ANTHEM}/first")
    assert wanted(lab) == [5, 4]
    rows = technician.get("/cache").text.split("<tbody>")[1]
    assert rows.index("国歌") < rows.index("选唱")
    assert technician.post("/cache/groups/99/first").status_code == 404


def test_a_pause_holds_the_downloads_and_the_status_page_says_so(lab: Lab, technician: Pc) -> None:
    technician.post("/cache/speed", data={"speed": "paused"})
    prefetcher = lab.state.uplink._prefetcher
    assert isinstance(prefetcher, prefetch.Prefetcher) and prefetcher._wanted(10) == []
    assert "下载已暂停" in technician.get("/cache").text
    assert "视频下载已暂停" in technician.get("/status").text
    technician.post("/cache/speed", data={"speed": "plan"})
    assert len(prefetcher._wanted(10)) == 2
    assert technician.post("/cache/speed", data={"speed": "fast"}).status_code == 400


def test_full_speed_knows_no_plan_until_the_plan_is_wanted_again(lab: Lab, technician: Pc) -> None:
    uplink = lab.state.uplink
    technician.post("/cache/speed", data={"speed": "full"})
    assert uplink._settings.bandwidth_mbit == 0
    technician.post("/cache/speed", data={"speed": "plan"})
    assert uplink._settings.bandwidth_mbit == lab.state.settings.bandwidth_mbit == 240


def test_the_sync_page_counts_what_waits_and_shows_what_was_refused(
    lab: Lab, technician: Pc
) -> None:
    page = technician.get("/sync").text
    assert "市级中心连不上，机房可继续阅卷" in page
    assert "<dt>评分和标记</dt><dd>1 条</dd>" in page
    with lab.store.writing() as db:
        [mark] = marks.own(db)
        marks.set_results(
            db,
            [
                EventResult(
                    event_id=mark.event_id, code="refused", reason="已进入 3评，原来的评分有效。"
                )
            ],
        )
    refused = technician.get("/sync").text
    assert "ZX-000001" in refused and "王一一" in refused and "已进入 3评" in refused
    assert technician.post("/sync/now").headers["location"] == "/sync"


def test_the_bandwidth_is_changed_at_once_and_for_good(lab: Lab, technician: Pc) -> None:
    form = {"mbit": "80", "hours": "08:30-12:00 40"}
    assert technician.post("/settings/bandwidth", data=form).status_code == 303
    assert lab.state.uplink._settings.bandwidth_mbit == 80
    kept = (lab.folder / "node.toml").read_text("utf-8")
    assert "bandwidth_mbit = 80.0" in kept and '"08:30-12:00 40"' in kept


def test_a_plan_that_cannot_be_read_changes_nothing_and_stays_typed(
    lab: Lab, technician: Pc
) -> None:
    form = {"mbit": "80", "hours": "早上 40"}
    page = technician.post("/settings/bandwidth", data=form).text
    assert "写法不对" in page and 'value="早上 40"' in page
    assert not (lab.folder / "node.toml").exists()


def test_the_doctor_is_followed_to_the_end(lab: Lab, technician: Pc) -> None:
    technician.post("/settings/doctor")
    until = time.monotonic() + 60
    while "正在检查" in (part := technician.get("/settings/doctor").text):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert "数据库完好" in part and "阅卷" in part


def test_the_diagnostics_hold_no_name_no_phone_and_no_secret(lab: Lab, technician: Pc) -> None:
    log = lab.folder / "logs" / "node.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text(f"王一一 {a_phone(WANG)} could not sign in\n", "utf-8")
    answer = technician.get("/settings/diagnostics")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        text = "\n".join(file.read(name).decode() for name in file.namelist())
        assert {"state.json", "doctor.txt", "pcs.json", "logs/node.log"} <= set(file.namelist())
    assert "could not sign in" in text and '"pending"' in text
    with lab.store.reading() as db:
        link = meta.link(db)
        known = exam.exam(db)
    assert link is not None and known is not None
    for secret in (link.secret, "王一一", a_phone(WANG), "孙五五", "ZX-000001"):
        assert secret not in text, secret


def test_what_the_old_server_had_not_reported_comes_with_its_backup(
    lab: Lab, technician: Pc, tmp_path: Path
) -> None:
    backup = technician.get("/settings/backup").content
    assert list(lab.folder.glob("*backup*")) == []
    (tmp_path / "old.db").write_bytes(backup)
    fresh = a_node_store(tmp_path / "fresh", *CARDS)
    enrol(fresh)
    with fresh.writing() as db:
        assert take_in_backup(db, tmp_path / "old.db", now()) == 1
        assert take_in_backup(db, tmp_path / "old.db", now()) == 0
        assert outbox.pending_by_kind(db) == {"mark": 1}
    fresh.close()


def test_a_backup_is_taken_in_through_the_page(lab: Lab, technician: Pc) -> None:
    backup = technician.get("/settings/backup").content
    said = technician.post("/settings/import", content=backup)
    assert said.json()["text"] == "备份里的记录本机都有，没有需要取回的。"
    wrong = technician.post("/settings/import", content=b"no database")
    assert wrong.status_code == 422 and "不是本程序的备份" in wrong.text
    assert list(lab.folder.glob("import*")) == []


def test_a_backup_of_another_exam_is_refused(tmp_path: Path) -> None:
    ours, theirs = (a_node_store(tmp_path / name) for name in ("a", "b"))
    for store in (ours, theirs):
        enrol(store)
    with theirs.writing() as db:
        meta.put(db, "hub_id", "x" * 32)
        outbox.put_text(db, 0, "mark", 1, "{}", new_id(now()), now())
    theirs.close()
    with ours.writing() as db, pytest.raises(Refusal, match="没有导入"):
        take_in_backup(db, tmp_path / "b" / "node.db", now())
    ours.close()
    other = tmp_path / "c.db"
    Store(other, node.schema.migrations).close()


@pytest.mark.parametrize(
    "url", ["/cache", "/sync", "/settings", "/settings/diagnostics", "/settings/backup"]
)
def test_the_technicians_pages_are_not_for_markers(lab: Lab, url: str) -> None:
    assert lab.at_work(WANG).get(url).status_code == 403
    assert lab.pc().get(url).status_code in (303, 401)


@pytest.mark.parametrize(
    "url", ["/cache/speed", "/cache/retry", "/sync/now", "/settings/doctor", "/settings/import"]
)
def test_nor_are_their_buttons(lab: Lab, url: str) -> None:
    assert lab.at_work(WANG).post(url, data={"speed": "plan"}).status_code in (400, 403)

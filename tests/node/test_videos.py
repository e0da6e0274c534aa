"""Videos to the marking page: in slices, to the right person, and noted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.store import exam, plays, tasks, videos
from node.work.apply_feed import apply_feed
from shared.kit.clock import now, stamp
from shared.wire.messages import PullAnswer
from tests.makers import (
    ANTHEM,
    CHEN,
    SONG,
    WANG,
    ZHAO,
    a_group_card,
    a_sitting_card,
    a_task_card,
    a_video_card,
)
from tests.node.door import VIDEO, Lab, Pc, a_lab, keep_video, remove_video

SHA256 = a_video_card().sha256


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    cards = (a_task_card(1), a_task_card(2, account_id=CHEN))
    with a_lab(tmp_path, *cards, first_sign_in="keep") as lab:
        yield lab


@pytest.fixture
def pc(lab: Lab) -> Pc:
    return lab.at_work()


def count_plays(lab: Lab) -> int:
    with lab.store.reading() as db:
        return int(db.conn.execute("SELECT count(*) FROM play").fetchone()[0])


def test_the_whole_video_and_a_slice_of_it(pc: Pc) -> None:
    whole = pc.get("/videos/1")
    assert (whole.status_code, whole.content) == (200, VIDEO)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["etag"] == f'"{SHA256}"'
    part = pc.get("/videos/1", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, VIDEO[2:5])
    assert part.headers["content-range"] == f"bytes 2-4/{len(VIDEO)}"
    assert pc.get("/videos/1", headers={"Range": "bytes=99-"}).status_code == 416


def test_asking_for_the_head_sends_no_video_and_notes_no_play(lab: Lab, pc: Pc) -> None:
    head = pc.ask("HEAD", "/videos/1")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(VIDEO))
    assert count_plays(lab) == 0


def test_a_play_is_noted_once_a_minute(lab: Lab, pc: Pc) -> None:
    for _ in range(3):
        pc.get("/videos/1", headers={"Range": "bytes=0-"})
    assert count_plays(lab) == 1
    with lab.store.writing() as db:
        assert plays.last(db, WANG, 1) != ""
        db.conn.execute("UPDATE play SET at = '2023-04-13T01:00:00.000Z'")
    pc.get("/videos/1")
    assert count_plays(lab) == 2


def test_a_video_that_is_not_here_yet_is_fetched_before_all_others(lab: Lab, pc: Pc) -> None:
    remove_video(lab.folder, a_task_card(1))
    with lab.store.writing() as db:
        videos.set_gone(db, SHA256)
    answer = pc.get("/videos/1", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (503, "fetching")
    with lab.store.reading() as db:
        assert videos.next_wanted(db, 1)[0].sha256 == SHA256
        row = db.conn.execute("SELECT wanted_first FROM video").fetchone()
    assert row[0] == 1 and count_plays(lab) == 0


def test_a_file_that_somebody_removed_is_fetched_again(lab: Lab, pc: Pc) -> None:
    remove_video(lab.folder, a_task_card(1))
    assert pc.get("/videos/1").status_code == 503
    with lab.store.reading() as db:
        known = videos.video(db, SHA256)
    assert known is not None and known.state == "wanted"
    keep_video(lab.folder, a_task_card(1))
    with lab.store.writing() as db:
        videos.set_ready(db, SHA256, now())
    assert pc.get("/videos/1").status_code == 200


def test_a_video_of_a_task_that_was_taken_back_is_no_longer_shown(lab: Lab, pc: Pc) -> None:
    with lab.store.writing() as db:
        tasks.put(db, a_task_card(1, gen=2, state="withdrawn"), now())
    assert pc.get("/videos/1").status_code == 404


def test_nobody_sees_the_video_of_anothers_task(pc: Pc) -> None:
    refused = pc.get("/videos/2", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_yours")
    assert pc.get("/videos/77").status_code == 404


def attach(lab: Lab, content: bytes = VIDEO) -> None:
    card = a_group_card(SONG)
    card.lyrics, card.model = "第一句\n第二句", a_video_card(content)
    page = PullAnswer(
        hub_inc="1",
        after=1,
        items=[card],
        more=False,
        city=[],
        city_done=[],
        server_time=stamp(now()),
    )
    with lab.store.writing() as db:
        apply_feed(db, page, "1", now())


def test_lyrics_and_a_model_singing_come_to_every_marker_of_the_stage(lab: Lab, pc: Pc) -> None:
    attach(lab)
    anthem, song = pc.get("/api/me").json()["groups"]
    assert (anthem["lyrics"], anthem["model"]) == ("", None)
    assert (song["lyrics"], song["model"]["url"]) == ("第一句\n第二句", f"/models/{SONG}")
    for one in (pc, lab.at_work(CHEN)):
        part = one.get(f"/models/{SONG}", headers={"Range": "bytes=2-4"})
        assert (part.status_code, part.content) == (206, VIDEO[2:5])
    assert pc.get(f"/models/{ANTHEM}").status_code == 404
    assert lab.pc().get(f"/models/{SONG}").status_code in (303, 401)
    assert lab.at_work(ZHAO).get(f"/models/{SONG}").status_code == 403


def test_a_model_singing_that_is_not_here_yet_is_fetched_first(lab: Lab, pc: Pc) -> None:
    attach(lab, b"another")
    assert pc.get(f"/models/{SONG}").status_code == 503
    with lab.store.reading() as db:
        wanted = videos.next_wanted(db, 10)
    assert [v.sha256 for v in wanted] == [a_video_card(b"another").sha256]


def test_a_model_singing_makes_no_room_for_others_and_goes_with_the_sitting(lab: Lab) -> None:
    attach(lab, b"another")
    with lab.store.writing() as db:
        model = a_video_card(b"another").sha256
        videos.set_ready(db, model, now())
        assert model not in [v.sha256 for v in videos.evictable(db, 100)]
        videos.set_gone(db, model)
        exam.put_sitting(db, a_sitting_card(state="closed"))
        assert videos.next_wanted(db, 10) == []

"""Importing an exam: all or nothing, safe to repeat, and never against what is allocated."""

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from hub.commands.importing import Wish, run
from hub.commands.opening import hub_to_write
from hub.media.shelf import path_of
from hub.settings import HubSettings
from hub.store import (
    accounts,
    audit,
    exam,
    feed,
    hands,
    holdings,
    media_report,
    performances,
    tasks,
    videos,
)
from hub.store.cards import cards
from hub.work import check_media
from hub.work.allocate import allocate
from hub.work.check_media import Examined, File, Job
from hub.work.sittings import prepare
from hub.work.verify import verify
from shared.kit.store import reading_beside
from shared.rules.rubric import Role, Stage
from shared.wire.messages import GroupCard
from tests.hub.books import Book, a_book, write_csvs, write_xlsx
from tests.hub.clips import a_video, encoded
from tests.makers import NINE


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("clips")
    return [a_video(folder / f"{seed}.mp4", 1.0, seed) for seed in range(1, 4)]


@pytest.fixture
def folder(tmp_path: Path, clips: list[Path]) -> Path:
    """Videos for the three rows of `small_book`."""
    target = tmp_path / "videos"
    target.mkdir()
    for name, clip in zip("abc", clips, strict=True):
        (target / f"{name}.mp4").write_bytes(clip.read_bytes())
    return target


def small_book() -> Book:
    book = a_book()
    book["作品"] = [
        [f"S{name}", "第一小学", f"第{number}区", "小学", "国歌", f"{name}.mp4"]
        for number, name in enumerate("abc", 1)
    ]
    return book


def bring(tmp_path: Path, book: Book, **wishes: object) -> int:
    source = write_xlsx(tmp_path / "exam.xlsx", book)
    wish: dict[str, object] = {
        "data": tmp_path / "data",
        "source": source,
        "videos": None,
        "is_check": False,
        "is_strict": False,
        "may_transcode": False,
        "remove_missing": False,
        "report": None,
    }
    return run(Wish(**(wish | wishes)))  # type: ignore[arg-type]


def everything_of(tmp_path: Path) -> list[list[object]]:
    with reading_beside(HubSettings(tmp_path / "data").database) as db:
        return [
            list(performances.every(db)),
            list(accounts.everyone(db)),
            list(feed.after(db, 1, 0, 1000)),
            list(feed.after(db, 2, 0, 1000)),
            [exam.exam(db), exam.groups(db), exam.districts(db), exam.descriptors(db, 2)],
        ]


def test_an_exam_is_imported_with_its_videos(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring(tmp_path, small_book(), videos=folder) == 0
    assert "新增人员 12 名、修改 0 名，新增作品 3 份" in capsys.readouterr().out
    with reading_beside(HubSettings(tmp_path / "data").database) as db:
        found = exam.exam(db)
        assert found is not None
        assert found.name == "2026年监测"
        assert [g.label for g in exam.groups(db)] == ["小学音乐-国歌", "小学音乐-选唱"]
        assert exam.descriptors(db, 1)["pitch"]["3"] == "音准3级"
        assert len(accounts.active(db, Role.MARKER, Stage.PRIMARY)) == 6
        made = performances.every(db)
        assert len({p.code for p in made}) == 3
        assert all(p.code.startswith("XG-") and len(p.code) == 9 for p in made)
        for each in made:
            video = videos.video(db, each.video_id or 0)
            assert video is not None
            assert (
                path_of(HubSettings(tmp_path / "data").shelf, video.sha256).stat().st_size
                == video.bytes
            )
        assert len(performances.works_of_group(db, 1)) == 3
        kinds = [change.kind for change in feed.after(db, 1, 0, 100)]
        assert kinds == ["exam", "group", "group", *["account"] * 4]
        assert [entry.action for entry in audit.page(db)] == ["import"]


def test_importing_again_changes_nothing(tmp_path: Path, folder: Path) -> None:
    assert bring(tmp_path, small_book(), videos=folder) == 0
    before = everything_of(tmp_path)
    assert bring(tmp_path, small_book(), videos=folder) == 0
    assert bring(tmp_path, small_book()) == 0
    assert everything_of(tmp_path) == before


def test_what_changed_in_the_sheets_changes_in_the_hub(tmp_path: Path, folder: Path) -> None:
    bring(tmp_path, small_book(), videos=folder)
    before = {p.student: p for p in performances_of(tmp_path)}
    book = small_book()
    book["作品"][0][1] = "第二小学"
    book["作品"].append(["Sd", "第一小学", "第1区", "小学", "选唱", "d.mp4"])
    book["人员"][3][2] = "第2区"
    assert bring(tmp_path, book, videos=folder) == 0
    after = {p.student: p for p in performances_of(tmp_path)}
    assert after["Sa"].school == "第二小学"
    assert (after["Sa"].code, after["Sa"].video_id) == (before["Sa"].code, before["Sa"].video_id)
    assert after["Sd"].video_id is None
    with reading_beside(HubSettings(tmp_path / "data").database) as db:
        moved = [c.ref for c in feed.after(db, 1, 0, 100) if c.kind == "account"]
        assert moved[-1] == 4, "the district that was left learns of it"
        assert [c.ref for c in feed.after(db, 2, 0, 100) if c.kind == "account"][-1] == 4


def performances_of(tmp_path: Path) -> list[performances.Performance]:
    with reading_beside(HubSettings(tmp_path / "data").database) as db:
        return performances.every(db)


def test_a_check_writes_nothing(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "b.mp4").write_bytes(b"no video")
    assert bring(tmp_path, small_book(), videos=folder, is_check=True) == 0
    said = capsys.readouterr()
    assert "作品 第 3 行「文件名」：b.mp4 不能使用：" in said.err
    assert "没有写入任何数据。导入后将新增人员 12 名" in said.out
    assert not (tmp_path / "data").exists()
    bring(tmp_path, small_book())
    before = everything_of(tmp_path)
    assert bring(tmp_path, a_book(), is_check=True) == 0
    assert everything_of(tmp_path) == before


def test_with_any_problem_nothing_is_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = small_book()
    book["作品"][2][2] = "外区"
    assert bring(tmp_path, book) == 1
    assert "[问题] 作品 第 4 行「区县」：“外区”不在“区县”表中" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_a_video_that_cannot_be_used_is_listed_and_the_rest_imported(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "b.mp4").write_bytes((folder / "b.mp4").read_bytes()[:4000])
    (folder / "c.mp4").rename(folder / "C.mp4")
    report = tmp_path / "report.csv"
    assert bring(tmp_path, small_book(), videos=folder, report=report) == 0
    said = capsys.readouterr()
    assert "作品 第 3 行「文件名」：b.mp4 不能使用：文件不完整" in said.err
    assert "没有 c.mp4（有大小写不同的 C.mp4，请改成一致）" in said.err
    assert "现有 2 份作品没有可用的视频" in said.out
    assert [p.video_id is None for p in performances_of(tmp_path)] == [False, True, True]
    assert "视频,作品,3,文件名,b.mp4 不能使用" in report.read_text("utf-8-sig")


def test_a_strict_import_refuses_videos_that_cannot_be_used(tmp_path: Path, folder: Path) -> None:
    (folder / "b.mp4").unlink()
    assert bring(tmp_path, small_book(), videos=folder, is_strict=True) == 1
    assert performances_of(tmp_path) == []


def test_a_repaired_video_is_taken_in_by_the_next_import(
    tmp_path: Path, folder: Path, clips: list[Path]
) -> None:
    (folder / "b.mp4").write_bytes(b"no video")
    bring(tmp_path, small_book(), videos=folder)
    (folder / "b.mp4").write_bytes(clips[1].read_bytes())
    assert bring(tmp_path, small_book(), videos=folder) == 0
    assert all(p.video_id for p in performances_of(tmp_path))


def test_with_the_citys_wish_an_unplayable_video_is_transcoded_by_the_next_import(
    tmp_path: Path, folder: Path, clips: list[Path]
) -> None:
    encoded(clips[1], folder / "b.mp4", "libx265", "aac")
    bring(tmp_path, small_book(), videos=folder)
    assert [bool(p.video_id) for p in performances_of(tmp_path)] == [True, False, True]
    assert bring(tmp_path, small_book(), videos=folder, may_transcode=True) == 0
    assert all(p.video_id for p in performances_of(tmp_path))
    with reading_beside(HubSettings(tmp_path / "data").database) as db:
        assert "HEVC" in videos.checks(db)["b.mp4"].note
        assert [line.file_name for line in media_report.lines(db, 9)] == ["b.mp4"]


def test_files_that_were_checked_are_not_checked_again(tmp_path: Path, folder: Path) -> None:
    bring(tmp_path, small_book(), videos=folder)
    data = tmp_path / "data"
    with reading_beside(HubSettings(data).database) as db:
        files = check_media.list_files(folder)
        known, unknown = check_media.known_checks(db, files.values(), HubSettings(data).shelf)
        assert (len(known), unknown) == (3, [])
        lost = path_of(HubSettings(data).shelf, known["a.mp4"].sha256 or "")
        lost.unlink()
        _, unknown = check_media.known_checks(db, files.values(), HubSettings(data).shelf)
        assert [file.name for file in unknown] == ["a.mp4"], "a shelf that lost it gets it again"


def test_many_files_are_checked_in_several_processes(tmp_path: Path, clips: list[Path]) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.mp4").write_bytes(clips[number % 3].read_bytes())
    (folder / "bad.mp4").write_bytes(b"")
    files = sorted(check_media.list_files(folder).values(), key=lambda file: file.name)
    found = list(chain(*check_media.examine(folder, files, tmp_path / "shelf", workers=2)))
    assert [one.file.name for one in found] == [file.name for file in files]
    assert [one.file.name for one in found if one.problem] == ["bad.mp4"]


def test_what_is_done_is_kept_before_the_next_long_one(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_media, "KEEP_S", 0.0)
    files = check_media.list_files(folder).values()
    assert [len(batch) for batch in check_media.examine(folder, files, None)] == [1, 1, 1]
    monkeypatch.setattr(check_media, "KEEP_S", 3600.0)
    monkeypatch.setattr(check_media, "BATCH", 2)
    assert [len(batch) for batch in check_media.examine(folder, files, None)] == [2, 1]


def dies_of_b(job: Job, file: File) -> Examined:
    if file.name == "b.mp4":
        os._exit(1)
    return Examined(file, None, None)


def test_a_file_that_kills_the_decoder_is_named_and_the_others_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_media, "_examine_one", dies_of_b)
    files = [File(f"{name}.mp4", 1, 1) for name in "abcdef"]
    found = list(chain(*check_media.examine(tmp_path, files, None, workers=2)))
    assert [one.file.name for one in found] == [file.name for file in files]
    assert [one.file.name for one in found if one.problem] == ["b.mp4"]
    assert "解码程序异常退出" in (found[1].problem or "")


@pytest.fixture
def allocated(tmp_path: Path, folder: Path) -> Iterator[Path]:
    bring(tmp_path, small_book(), videos=folder)
    with hub_to_write(tmp_path / "data") as store, store.writing() as db:
        sitting = prepare(db, "formal", "市级管理员", NINE)
        allocate(db, sitting.id, "市级管理员", NINE)
    yield tmp_path


def refused(
    book: Book, tmp_path: Path, capsys: pytest.CaptureFixture[str], **wishes: object
) -> str:
    capsys.readouterr()
    before = everything_of(tmp_path)
    assert bring(tmp_path, book, **wishes) == 1
    assert everything_of(tmp_path) == before
    return capsys.readouterr().err


def test_after_the_allocation_more_may_be_added(allocated: Path) -> None:
    book = small_book()
    book["作品"].append(["Sd", "第一小学", "第1区", "小学", "国歌", "d.mp4"])
    book["人员"].append(["19900009999", "王九九", "第1区", "阅卷教师", "小学"])
    book["作品"][0][1] = "改名小学"
    assert bring(allocated, book) == 0
    assert len(performances_of(allocated)) == 4


def test_after_the_allocation_a_performance_stays_what_it_is(
    allocated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = small_book()
    book["作品"][0][2] = "第2区"
    book["作品"][1][5] = "d.mp4"
    book["作品"][2][4] = "选唱"
    said = refused(book, allocated, capsys)
    assert "作品 第 2 行「区县」：考号 Sa 已分配，不能改区县" in said
    assert "作品 第 3 行「文件名」：考号 Sb 已分配，不能换视频文件" in said
    assert "作品 第 4 行「题目」：考号 Sc 已按“小学音乐-国歌”分配，不能改题组" in said


def test_after_the_allocation_a_video_file_may_not_be_swapped(
    allocated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = allocated / "videos"
    (folder / "a.mp4").write_bytes((folder / "b.mp4").read_bytes())
    said = refused(small_book(), allocated, capsys, videos=folder)
    assert "作品 第 2 行「文件名」：考号 Sa 已分配，但 a.mp4 的内容变了" in said


def test_after_the_allocation_people_stay_where_their_tasks_are(
    allocated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = small_book()
    book["人员"][2][2] = "第2区"
    book["考试"].append(["容差", 1])
    said = refused(book, allocated, capsys)
    assert "人员 第 4 行「区县」：王12已分配任务，不能改到另一区县" in said
    assert "正式阅卷正在进行，规则不能再改" in said


def test_whoever_is_disabled_hands_the_open_tasks_to_others(allocated: Path) -> None:
    book = small_book()
    row = book["人员"][2]
    with reading_beside(HubSettings(allocated / "data").database) as db:
        account = next(a for a in accounts.everyone(db) if a.phone == row[0])
        assert tasks.open_of_account(db, account.id, 1)
    row += ["", "停用"]
    assert bring(allocated, book) == 0
    with reading_beside(HubSettings(allocated / "data").database) as db:
        assert not tasks.open_of_account(db, account.id, 1)
        assert hands.states(db, 1)[account.id] == "gone"
        assert verify(db) == []


def test_rows_that_are_gone_stay_until_their_removal_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(tmp_path, small_book())
    book = small_book()
    del book["作品"][0], book["人员"][0]
    assert bring(tmp_path, book) == 0
    said = capsys.readouterr().err
    assert "已有的作品 1 份，保留不变（要删除请加 --remove-missing）。考号：Sa" in said
    assert "已有的人员 1 名，保留不变：王10" in said
    assert len(performances_of(tmp_path)) == 3
    assert bring(tmp_path, book, remove_missing=True) == 0
    assert [p.student for p in performances_of(tmp_path)] == ["Sb", "Sc"]


def test_what_is_allocated_is_not_removed(
    allocated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = small_book()
    del book["作品"][0]
    assert "考号 Sa" in refused(book, allocated, capsys, remove_missing=True)


def test_a_folder_of_csv_files_is_imported_too(tmp_path: Path) -> None:
    source = write_csvs(tmp_path / "sheets", small_book(), "gb18030")
    assert bring(tmp_path, small_book(), source=source) == 0
    assert len(performances_of(tmp_path)) == 3


def test_two_rows_with_the_same_recording_are_pointed_out(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "c.mp4").write_bytes((folder / "a.mp4").read_bytes())
    assert bring(tmp_path, small_book(), videos=folder) == 0
    assert "作品 第 4 行「文件名」：c.mp4 与第 2 行 a.mp4 的内容相同" in capsys.readouterr().err


def test_lyrics_and_a_model_singing_are_attached_to_an_item_group(
    tmp_path: Path, folder: Path, clips: list[Path]
) -> None:
    (folder / "范唱.mp4").write_bytes(clips[0].read_bytes())
    book = small_book()
    book["题组"] = [
        ["小学", "国歌", 1, "第一句\n第二句", "范唱.mp4"],
        ["小学", "选唱", 2, "", "没有.mp4"],
    ]
    report = tmp_path / "report.csv"
    assert bring(tmp_path, book, videos=folder, report=report) == 0
    assert "视频文件夹里没有 没有.mp4" in report.read_text("utf-8")
    before = everything_of(tmp_path)
    assert bring(tmp_path, book) == 0
    assert everything_of(tmp_path) == before, "without the videos, what is known stays"
    with reading_beside(HubSettings(tmp_path / "data").database) as db:
        anthem, song = cards(db, 1, 0, [c for c in feed.after(db, 1, 0, 100) if c.kind == "group"])
        model = videos.video(db, exam.attachments(db, 1).model_video_id or 0)
        assert model is not None
        assert holdings.may_fetch(db, 1, model.sha256)
    assert isinstance(anthem, GroupCard) and isinstance(song, GroupCard)
    assert anthem.lyrics == "第一句\n第二句"
    assert anthem.model is not None and anthem.model.sha256 == model.sha256
    assert (song.lyrics, song.model) == ("", None)
    book["题组"][0][3:] = ["", ""]
    assert bring(tmp_path, book, videos=folder) == 0
    with reading_beside(HubSettings(tmp_path / "data").database) as db:
        assert exam.attachments(db, 1) == exam.Attachments("", "", None)
        assert not holdings.may_fetch(db, 1, model.sha256)

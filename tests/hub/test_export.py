"""Exporting results: a row per student and item, every mark in long form, safe to open."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from hub.sheets.results import OutTable, write_tables
from hub.store import meta, performances
from hub.work.export_results import MARK_HEADER, RESULT_HEADER, export
from hub.work.sittings import close
from shared.kit.refusal import Refusal
from shared.kit.store import Store
from shared.rules.policy import Policy
from tests.hub.makers import ADMIN, a_hub, an_allocated_hub, give, give_both, the_task
from tests.makers import NINE

LATER = NINE + timedelta(hours=1)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sheet_of(path: Path, name: str) -> list[list[object]]:
    return [
        list(row) for row in CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()
    ]


def exported(store: Store, target: Path) -> dict[str, dict[str, str]]:
    with store.reading() as db:
        export(db, target, LATER)
    return {row["考号"]: row for row in rows_of(target)}


def test_a_row_says_the_levels_and_which_rounds_decided_them(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "332333", "332333")
        give_both(db, 2, "333333", "313333")
        give(db, the_task(db, 2, 3), "-1----")
        give_both(db, 3, "333333", "303333")
        give(db, the_task(db, 3, 3), "-1----")
    rows = exported(store, tmp_path / "results.csv")
    agreed, by_third, open_yet = (rows[f"S0000{number}"] for number in (1, 2, 3))
    assert [agreed[name] for name in ("综合", "音准", "表现力")] == ["3", "3", "2"]
    assert (agreed["音准评次"], agreed["状态"]) == ("1、2评", "已定")
    assert (by_third["音准"], by_third["音准评次"]) == ("1", "2、3评")
    assert (open_yet["音准"], open_yet["音准评次"], open_yet["状态"]) == ("", "", "评阅中")
    assert open_yet["综合"] == "3"
    assert len(rows) == 24
    assert (agreed["学校"], agreed["区县"]) == ("第1区学校", "第1区")
    store.close()


def test_a_confirmed_exception_is_exported_without_levels(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        for number in (1, 2, 4):
            if number == 4:
                give(db, the_task(db, 1, 4), "------", exception="no_picture")
            else:
                give(db, the_task(db, 1, number), "------", exception="no_picture")
        give(db, the_task(db, 2, 1), "333333", exception="incomplete")
        give(db, the_task(db, 2, 2), "333333")
    rows = exported(store, tmp_path / "results.csv")
    assert (rows["S00001"]["标记"], rows["S00001"]["状态"]) == ("无图像", "标记确认")
    assert rows["S00001"]["综合"] == ""
    assert rows["S00001"]["各评标记"] == "1评无图像、2评无图像、4评无图像"
    assert (rows["S00002"]["综合"], rows["S00002"]["状态"]) == ("3", "已定")
    assert rows["S00002"]["各评标记"] == "1评答案图像不全"
    store.close()


def test_means_are_exact(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, policy=Policy(tolerance=1, combine="mean"))
    with store.writing() as db:
        give_both(db, 1, "333333", "323333")
    assert exported(store, tmp_path / "results.csv")["S00001"]["音准"] == "2.5"
    store.close()


def test_every_version_of_every_mark_is_there_in_long_form(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        first = the_task(db, 1, 1)
        give(db, first, "333333", number=1)
        give(db, first, "233333", number=2, revises=f"{1:032x}", comment="=1+1")
    exported(store, tmp_path / "results.csv")
    rows = rows_of(tmp_path / "results-评分明细.csv")
    assert [row["计分状态"] for row in rows] == ["已被修改", "计入"]
    assert [row["综合"] for row in rows] == ["3", "2"]
    assert rows[1]["修改自"] == rows[0]["评分编号"]
    assert rows[1]["评语"] == "'=1+1", "Excel must not run what a marker wrote"
    assert rows[0]["用时（秒）"] == "60.0"
    assert len(rows[0]["账号尾号"]) == 4
    assert not any(row["账号尾号"].startswith("199") for row in rows)
    store.close()


def test_a_workbook_holds_the_same_and_says_what_it_is(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give(db, the_task(db, 1, 1), "333333", comment="=1+1")
    with store.reading() as db:
        done = export(db, tmp_path / "results.xlsx", LATER)
    assert done.by_state == {"评阅中": 24}
    results = sheet_of(tmp_path / "results.xlsx", "结果")
    marks = sheet_of(tmp_path / "results.xlsx", "评分明细")
    assert tuple(results[0]) == RESULT_HEADER
    assert len(results) == 25
    assert tuple(marks[0]) == MARK_HEADER
    assert marks[1][MARK_HEADER.index("评语")] == "=1+1"
    about = {row[0]: row[1] for row in sheet_of(tmp_path / "results.xlsx", "说明")}
    assert about["考试"] == "2023全市监测"
    assert about["分配种子"] == "场次结束后公开"
    assert about["规则：回避本区县"] == "回避"
    store.close()


def test_what_cannot_be_marked_says_why(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        first = performances.performance(db, 1)
        assert first is not None
        late = [
            performances.Performance(
                100 + has_video,
                f"ZX-10000{has_video}",
                f"T{has_video}",
                "学校",
                1,
                1,
                f"t{has_video}.mp4",
                first.video_id if has_video else None,
            )
            for has_video in (0, 1)
        ]
        performances.put_many(db, late)
    rows = exported(store, tmp_path / "results.csv")
    assert (rows["T0"]["状态"], rows["T1"]["状态"]) == ("没有可用的视频", "未分配")
    store.close()


def test_the_formal_sitting_goes_before_the_trial(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, "trial")
    with store.writing() as db:
        close(db, 1, ADMIN, NINE)
    with store.reading() as db:
        assert export(db, tmp_path / "trial.csv", LATER).sitting.kind == "trial"
        with pytest.raises(Refusal, match="还没有可以导出的场次"):
            export(db, tmp_path / "formal.csv", LATER, "formal")
    store.close()


def test_nothing_can_be_exported_before_a_sitting_opened(tmp_path: Path) -> None:
    store = a_hub(tmp_path)
    with store.reading() as db, pytest.raises(Refusal, match="阅卷尚未开始"):
        assert meta.hub_id(db)
        export(db, tmp_path / "results.xlsx", LATER)
    store.close()


def test_a_table_that_breaks_off_leaves_no_half_file(tmp_path: Path) -> None:
    def breaking() -> Iterator[tuple[int]]:
        yield (1,)
        raise LookupError

    with pytest.raises(LookupError):
        write_tables(tmp_path / "a.xlsx", [OutTable("表", ("数",), breaking())])
    assert not (tmp_path / "a.xlsx").exists()


def test_long_tables_go_on_in_another_sheet(tmp_path: Path) -> None:
    table = OutTable("表", ("数",), [(number,) for number in range(5)])
    write_tables(tmp_path / "long.xlsx", [table], rows_per_sheet=2)
    book = CalamineWorkbook.from_path(tmp_path / "long.xlsx")
    assert book.sheet_names == ["表", "表2", "表3"]
    assert book.get_sheet_by_name("表3").to_python() == [["数"], [4.0]]


@pytest.mark.parametrize("name", ["results.doc", "nowhere/results.xlsx"])
def test_a_target_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refusal):
        write_tables(tmp_path / name, [OutTable("表", ("数",), [])])
    assert list(tmp_path.iterdir()) == []

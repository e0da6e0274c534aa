"""Plays a whole exam with real processes and simulated markers, and closes the books."""

import asyncio
import json
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.rehearsal import programs
from hub.rehearsal.books import Books, close_books
from hub.rehearsal.cast import Cast, make_cast
from hub.rehearsal.clips import FOR_MACHINES
from hub.rehearsal.markers import Diary, Script, Truth, is_played, play_marker
from hub.rehearsal.measures import Measures, measure
from hub.rehearsal.preparing import (
    Folders,
    find_truth,
    invite_nodes,
    make_exam,
    open_formal_sitting,
    say,
)
from hub.rehearsal.programs import Program
from hub.work.export_results import export
from shared.kit.clock import now


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for."""

    districts: int
    markers: int
    works: int
    seed: int
    limit_min: float
    keep: Path | None
    as_json: bool


def run(wishes: Wishes) -> int:
    """0 when the books balance, 1 when they do not."""
    programs.end_in_order()
    started = time.monotonic()
    cast = make_cast(
        labs=wishes.districts,
        markers=wishes.markers,
        works=wishes.works,
        seed=wishes.seed,
    )
    with ExitStack() as stack:
        root = wishes.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="shengping-rehearsal-"))
        )
        folders = Folders(root.resolve())
        diary = _play(folders, cast, wishes.seed, started + wishes.limit_min * 60)
        books, measures = _close(folders, cast, diary)
    _report(books, measures, diary, time.monotonic() - started, as_json=wishes.as_json)
    return 0 if books.balance and not diary.faults else 1


def _play(folders: Folders, cast: Cast, seed: int, deadline: float) -> Diary:
    make_exam(folders, cast, FOR_MACHINES)
    open_formal_sitting(folders, cast)
    truth = find_truth(folders, cast)
    codes = invite_nodes(folders, cast.labs)
    diary = Diary()
    with ExitStack() as stack:
        say(f"启动市级中心和 {len(cast.labs)} 个区县节点")
        hub = programs.start_hub(folders.hub, programs.free_port())
        stack.callback(hub.stop)
        hub.wait_until_up()
        nodes = _start_nodes(folders, codes, hub, stack)
        say(f"{sum(map(is_played, cast.people))} 名模拟教师和组长开始阅卷")
        asyncio.run(_mark_everything(cast, nodes, truth, seed, deadline, diary))
    return diary


def _start_nodes(
    folders: Folders, codes: dict[str, str], hub: Program, stack: ExitStack
) -> dict[str, Program]:
    nodes = {}
    for lab, code in codes.items():
        data = folders.node(lab)
        programs.run("node", "--data", data, "enrol", "--hub", hub.url, "--code", code)
        nodes[lab] = programs.start_node(f"{lab}节点", data, programs.free_port())
        stack.callback(nodes[lab].stop)
    for node in nodes.values():
        node.wait_until_up()
    return nodes


async def _mark_everything(
    cast: Cast,
    nodes: dict[str, Program],
    truth: Truth,
    seed: int,
    deadline: float,
    diary: Diary,
) -> None:
    script = Script(truth, seed, (0.0, 0.0), deadline)
    async with asyncio.TaskGroup() as group:
        for person in cast.people:
            if is_played(person):
                group.create_task(play_marker(person, nodes[person.district].url, script, diary))


def _close(folders: Folders, cast: Cast, diary: Diary) -> tuple[Books, Measures]:
    say("导出结果并对账")
    store = folders.open_hub()
    try:
        with store.reading() as db:
            export(db, folders.root / "results.xlsx", now())
            return close_books(db, len(cast.works), diary.saved), measure(db)
    finally:
        store.close()


def _report(
    books: Books, measures: Measures, diary: Diary, seconds: float, *, as_json: bool
) -> None:
    rows = {
        "作品": books.works,
        "节点确认的评分": books.marks_submitted,
        "市级中心收到的评分": books.marks_on_hub,
        "标准卷与复评": books.probes_submitted,
        "丢失": books.lost,
        "重复计数": books.duplicated,
        "来源不明": books.unknown,
        "3评任务": books.round3_tasks,
        "4评任务": books.round4_tasks,
        "已定分": books.settled,
        "确认为问题作品": books.exceptions,
        "未完成": books.open,
    }
    for name, count in rows.items():
        print(f"{name:　<12}{count:>8}")
    _report_measures(measures)
    for finding in (*books.findings, *diary.faults):
        print(f"不符：{finding}")
    print(
        "账目相符。" if books.balance and not diary.faults else "账目不符！",
        f"用时 {seconds:.1f} 秒",
    )
    if as_json:
        rest = {"faults": diary.faults, "seconds": round(seconds, 1)}
        print(json.dumps(asdict(books) | asdict(measures) | rest))


def _report_measures(measures: Measures) -> None:
    if measures.cached_percent is not None:
        print(
            f"3评、4评任务 {measures.later_tasks} 份，其中 {measures.later_tasks_cached} 份"
            f"（{measures.cached_percent}%）所在区县已有视频，不用再下载"
        )
    for one in measures.forecasts:
        print(
            f"两评完成 {one.compared_percent}% 时预测{one.round}评 {one.expected:.0f} 份"
            f"（{one.low:.0f}–{one.high:.0f}），实际 {one.came} 份，误差 {one.error_percent:+.1f}%"
        )

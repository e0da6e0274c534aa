"""Can marking go on here: from facts to one sentence and its remedies."""

from dataclasses import replace
from itertools import product

import pytest

from node.work.verdict import Facts, judge_node

ALL_WELL = Facts(
    is_enrolled=True,
    sitting_state="open",
    online=12,
    tasks=100,
    tasks_open=60,
    tasks_playable=60,
    is_connected=True,
    pending=0,
    videos_wanted=0,
    videos_failed=0,
    video_problem="",
    disk_free_bytes=400_000_000_000,
    clock_offset_ms=200,
)

GOOD, IDLE, MIND, RED = "可以阅卷", "暂时不能阅卷", "可以阅卷，但有需要处理的事项", "暂时不能阅卷"

CASES = {
    "all is well": ({}, "ok", GOOD, "断网也不影响评阅"),
    "videos are still coming": ({"videos_wanted": 7}, "ok", GOOD, "视频还差 7 个正在下载"),
    "all of it is marked": (
        {"tasks_open": 0, "tasks_playable": 0},
        "ok",
        GOOD,
        "已下发的任务都评完了",
    ),
    "the hub is away": (
        {"is_connected": False, "pending": 214},
        "warn",
        MIND,
        "市级中心连不上，机房可继续阅卷，已积压 214 条",
    ),
    "the hub is away and so are videos": (
        {"is_connected": False, "videos_wanted": 4, "video_problem": "连不上"},
        "warn",
        MIND,
        "视频还差 4 个，连上后继续下载",
    ),
    "downloads were stopped": (
        {"videos_wanted": 4, "is_fetch_paused": True},
        "warn",
        MIND,
        "视频下载已暂停",
    ),
    "the set-up was left": ({"is_set_up": False}, "warn", MIND, "安装向导还没有做完"),
    "the link is slow": ({"pending": 50}, "warn", MIND, "有 50 条记录等待上报"),
    "videos failed": ({"videos_failed": 3}, "warn", MIND, "3 个视频没有下载成功"),
    "videos cannot be kept": (
        {"video_problem": "磁盘没有空间。"},
        "warn",
        MIND,
        "视频下载遇到问题",
    ),
    "the disk fills up": ({"disk_free_bytes": 2_000_000_000}, "warn", MIND, "磁盘只剩 2.0 GB"),
    "the clock is wrong": (
        {"clock_offset_ms": -180_000},
        "warn",
        MIND,
        "本机时钟与市级中心相差 180 秒",
    ),
    "it does not belong to a hub": (
        {"is_enrolled": False, "sitting_state": "", "tasks": 0, "is_connected": False},
        "bad",
        RED,
        "还没有接入市级中心",
    ),
    "the disk is full": ({"disk_free_bytes": 1000}, "bad", RED, "磁盘已满，评分无法保存"),
    "no video is here and the hub is away": (
        {"tasks_playable": 0, "is_connected": False},
        "bad",
        RED,
        "本机还没有可评的任务或视频",
    ),
    "the first video is on its way": (
        {"tasks_playable": 0, "videos_wanted": 60},
        "idle",
        IDLE,
        "第一个到达后就可以开始",
    ),
    "the city has not begun": ({"sitting_state": "prepared"}, "idle", IDLE, "还没有开始阅卷"),
    "the city has said nothing yet": ({"sitting_state": ""}, "idle", IDLE, "还没有开始阅卷"),
    "the tasks are on their way": (
        {"tasks": 0, "tasks_open": 0, "tasks_playable": 0},
        "idle",
        IDLE,
        "任务正在下发",
    ),
    "the sitting is over": ({"sitting_state": "closed"}, "idle", IDLE, "这一场次已经结束"),
    "the sitting is over and the hub away": (
        {"sitting_state": "closed", "is_connected": False},
        "warn",
        IDLE,
        "这一场次已经结束",
    ),
}


@pytest.mark.parametrize(("changes", "tone", "title", "text"), CASES.values(), ids=CASES.keys())
def test_the_verdict_follows_from_the_facts(
    changes: dict[str, object], tone: str, title: str, text: str
) -> None:
    verdict = judge_node(replace(ALL_WELL, **changes))  # type: ignore[arg-type]
    assert (verdict.tone, verdict.title) == (tone, title)
    assert text in verdict.text


def all_facts() -> list[Facts]:
    return [
        Facts(
            is_enrolled=enrolled,
            sitting_state=state,
            online=1,
            tasks=tasks,
            tasks_open=min(still_open, tasks),
            tasks_playable=min(playable, still_open, tasks),
            is_connected=connected,
            pending=pending,
            videos_wanted=wanted,
            videos_failed=wanted,
            video_problem="",
            disk_free_bytes=disk,
            clock_offset_ms=offset,
        )
        for enrolled, state, tasks, still_open, playable, connected, pending, wanted, disk, offset in product(  # noqa: E501
            (True, False),
            ("", "prepared", "open", "closed", "wiped"),
            (0, 9),
            (0, 5),
            (0, 5),
            (True, False),
            (0, 300),
            (0, 4),
            (1000, 2_000_000_000, 400_000_000_000),
            (0, 500_000),
        )
    ]


def test_never_red_while_marking_can_go_on() -> None:
    for facts in all_facts():
        verdict = judge_node(facts)
        if facts.can_mark:
            assert verdict.tone in ("ok", "warn") and verdict.title.startswith("可以阅卷"), facts
        else:
            assert verdict.title == "暂时不能阅卷", facts


def test_every_problem_has_a_remedy_and_every_colour_a_reason() -> None:
    for facts in all_facts():
        verdict = judge_node(facts)
        assert verdict.text.endswith("。") and "。。" not in verdict.text
        assert all(p.title and p.remedy.endswith("。") for p in verdict.problems), facts
        assert (verdict.tone in ("warn", "bad")) == bool(verdict.problems), facts
        if verdict.tone == "bad":
            assert verdict.problems[0].tone == "bad"

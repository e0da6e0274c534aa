"""The commands try-policy and record: what would change, and the proof of what happened."""

import argparse
from dataclasses import replace
from pathlib import Path

from hub.commands.parsing import Commands

_EVERY = 10**9


def add_to(commands: Commands) -> None:
    attempt = commands.add_parser("try-policy", help="用现有评分试算另一种一致规则，不改变任何数据")
    attempt.add_argument("--tolerance", type=int, choices=range(4), help="相差不超过几级算一致")
    attempt.add_argument(
        "--combine", choices=("higher", "lower", "mean"), help="一致但不同时怎样取"
    )
    attempt.add_argument(
        "--three-distinct", choices=("leader", "median"), help="三评各不相同时由组长定，还是取中"
    )
    attempt.set_defaults(run=try_policy)

    proof = commands.add_parser(
        "record", help="导出可公开的记录：任何人都能据此重算结果和分配，其中没有姓名和学校"
    )
    proof.add_argument("target", type=Path, metavar="文件", help="要写入的 JSON 文件")
    proof.set_defaults(run=write_record)


def try_policy(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_read
    from hub.store import exam, sittings
    from hub.work.try_policy import try_policy as attempt
    from shared.kit.refusal import Refusal

    wishes = {
        name: value
        for name in ("tolerance", "combine", "three_distinct")
        if (value := getattr(options, name)) is not None
    }
    with hub_to_read(options.data) as db:
        sitting = sittings.current(db)
        if sitting is None:
            raise Refusal("no_sitting", "还没有场次，无从试算。")
        effect = attempt(db, sitting.id, replace(exam.policy(db), **wishes), _EVERY)
    print(f"已有两评的作品 {effect.compared} 份：现行规则 → 试算规则")
    for label, now, then in (
        ("需要3评", effect.now.third, effect.then.third),
        ("已知需要4评", effect.now.leader, effect.then.leader),
        ("现有评分已能定分", effect.now.settled, effect.then.settled),
    ):
        print(f"{label}：{now} → {then}")
    print(f"两种规则都已定分，但等级不同：{effect.changed} 份")
    for criterion, count in effect.changed_levels.items():
        print(f"  {criterion.label} {count} 份")
    return 0


def write_record(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_read
    from hub.store import sittings
    from hub.work.record import write_record as write
    from shared.kit.refusal import Refusal

    with hub_to_read(options.data) as db:
        formal = [s for s in sittings.all_sittings(db) if s.kind == "formal"]
        if not formal:
            raise Refusal("no_sitting", "还没有正式场次，没有可公开的记录。")
        marks = write(db, formal[-1], options.target)
    print(f"已写入 {options.target}：评分 {marks} 份。格式见 hub/work/record.md。")
    return 0

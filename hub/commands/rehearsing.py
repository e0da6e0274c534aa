"""The commands demo and rehearse: a whole exam on this one machine."""

import argparse
from pathlib import Path

from hub.commands.parsing import Commands


def add_to(commands: Commands) -> None:
    demo = commands.add_parser("demo", help="在本机演示：市级中心、两个区县节点和生成的演唱视频")
    demo.add_argument("--works", type=int, default=32, metavar="份", help="作品数，默认 32")
    demo.add_argument(
        "--port", type=int, default=8600, metavar="端口", help="市级中心的端口，节点用其后两个"
    )
    demo.add_argument(
        "--colleagues",
        action="store_true",
        help="让模拟教师同时阅卷（表中列出的账号留给人来评）",
    )
    demo.add_argument(
        "--folder", type=Path, default=Path("data/demo"), metavar="文件夹", help="默认 data/demo"
    )
    demo.set_defaults(run=run_demo)
    _add_rehearse(commands)


def _add_rehearse(commands: Commands) -> None:
    rehearse = commands.add_parser("rehearse", help="演练：模拟教师把整场阅卷走完，并对账")
    rehearse.add_argument(
        "--districts", type=int, default=3, metavar="个", help="区县数，每个区县一个节点，默认 3"
    )
    rehearse.add_argument(
        "--markers", type=int, default=12, metavar="名", help="阅卷教师总数，默认 12；组长另计"
    )
    rehearse.add_argument("--works", type=int, default=60, metavar="份", help="作品数，默认 60")
    rehearse.add_argument(
        "--seed", type=int, default=1, metavar="数", help="随机种子，相同则作品和评分倾向相同"
    )
    rehearse.add_argument(
        "--limit", type=float, default=60.0, metavar="分钟", help="最多运行多久，默认 60"
    )
    rehearse.add_argument(
        "--keep", type=Path, metavar="文件夹", help="全部数据留在这里，默认用完即删"
    )
    rehearse.add_argument("--json", action="store_true", help="最后一行输出 JSON")
    rehearse.set_defaults(run=run_rehearsal)


def run_demo(options: argparse.Namespace) -> int:
    from hub.rehearsal.demo import Wishes, run

    return run(Wishes(options.folder, options.works, options.port, options.colleagues))


def run_rehearsal(options: argparse.Namespace) -> int:
    from hub.rehearsal.rehearse import Wishes, run

    return run(
        Wishes(
            districts=options.districts,
            markers=options.markers,
            works=options.works,
            seed=options.seed,
            limit_min=options.limit,
            keep=options.keep,
            as_json=options.json,
        )
    )

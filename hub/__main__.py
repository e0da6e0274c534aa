"""shengping-hub: the hub's commands, from the empty workbook to the exported results."""

import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path

from hub.commands import correcting, exam, people, rehearsing, restoring, running, sittings, trying
from hub.commands.parsing import Command, Parser
from shared import __version__
from shared.kit.refusal import Refusal

DATA = Path("data/hub")


def main(arguments: Sequence[str] | None = None) -> int:
    multiprocessing.freeze_support()
    _write_utf8()
    options = build_parser().parse_args(arguments)
    command: Command = options.run
    try:
        return command(options)
    except Refusal as refusal:
        print(refusal.text, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("已中断。已经完成的部分保留着，再运行一次会接着做。", file=sys.stderr)
        return 130


def build_parser() -> Parser:
    parser = Parser(prog="shengping-hub", description="声评市级中心：导入、分配、公告、导出。")
    parser.add_argument("--version", action="version", version=__version__, help="显示版本")
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="文件夹", help=f"数据目录，默认 {DATA}"
    )
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="命令", title="命令", parser_class=Parser
    )
    for room in (exam, people, sittings, correcting, trying, running, restoring, rehearsing):
        room.add_to(commands)
    return parser


def _write_utf8() -> None:
    """A Windows console in another code page must not end a command over a Chinese word."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())

"""The node's command line: run the service, join a hub, ask how things stand, install."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from node import launched
from node.settings import settings_from
from shared import __version__
from shared.kit.refusal import Refusal

DATA = Path("data/node")
COMMANDS = {
    "run": "运行服务（默认）",
    "enrol": "接入市级中心",
    "re-enrol": "换盘或重装后重新接入，取回任务和历史",
    "status": "查看状态",
    "doctor": "体检：能不能阅卷，哪里要处理",
    "install": "安装为开机自动运行，放行防火墙，可重复执行",
    "uninstall": "取消开机自动运行，数据保留",
    "update": "换用压缩包里的新版本，起不来会自动退回",
}


def main(argv: Sequence[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        # A Windows console may not know every character; a windowed program has no console.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    asked = _parser().parse_args(argv)
    try:
        return _do(asked)
    except Refusal as refusal:
        if sys.stderr is not None:
            print(refusal.text, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _do(asked: argparse.Namespace) -> int:
    """A command loads what it needs, and no more."""
    if asked.command == "install":
        from node.commands import installing

        return installing.install(asked.data, asked.host, asked.port, asked.wait)
    data = asked.data or launched.data_folder(DATA)
    settings = settings_from(data, {"host": asked.host, "port": asked.port})
    match asked.command:
        case "enrol" | "re-enrol":
            from node.commands import enrolling

            return enrolling.enrol(settings, asked.hub, asked.code, asked.mirror)
        case "status":
            from node.commands import asking

            return asking.status(settings)
        case "doctor":
            from node.commands import asking

            return asking.doctor(settings)
        case "uninstall":
            from node.commands import installing

            return installing.uninstall(settings)
        case "update":
            from node.commands import updating

            return updating.update(settings, asked.file, asked.sha256, force=asked.force)
        case _:
            from node.serving import serve

            serve(settings)
            return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shengping-node",
        description="声评区县节点：缓存视频，让本机房的教师阅卷，并与市级中心同步。",
        add_help=False,
    )
    parser.add_argument(
        "command",
        nargs="?",
        choices=tuple(COMMANDS),
        default="run",
        help="；".join(f"{name} {what}" for name, what in COMMANDS.items()),
    )
    parser.add_argument("file", nargs="?", type=Path, help="update：新版本的压缩包")
    parser.add_argument("-h", "--help", action="help", help="显示本说明")
    parser.add_argument("--version", action="version", version=__version__, help="显示版本")
    parser.add_argument("--data", type=Path, help=f"数据目录，默认 {DATA}；安装后为安装时的目录")
    parser.add_argument("--host", help="监听的地址，默认 0.0.0.0（本机房都能访问）")
    parser.add_argument("--port", type=int, help="监听的端口，默认 8080")
    parser.add_argument("--hub", default="", help="enrol：市级中心的地址，以 https:// 开头")
    parser.add_argument("--code", default="", help="enrol：市级中心给出的接入码")
    parser.add_argument(
        "--mirror", type=Path, help="re-enrol：镜像文件 outbox-….jsonl，补报旧盘上没报完的记录"
    )
    parser.add_argument(
        "--wait", type=float, default=120, metavar="秒", help="install：最多等服务多久，默认 120"
    )
    parser.add_argument("--sha256", default="", help="update：市级公布的 sha256，连不上时填写")
    parser.add_argument("--force", action="store_true", help="update：有人正在阅卷也更新")
    return parser


if __name__ == "__main__":
    sys.exit(main())

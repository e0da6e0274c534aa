"""The command serve: the hub at work."""

import argparse

from hub.commands.parsing import Commands


def add_to(commands: Commands) -> None:
    serve = commands.add_parser("serve", help="启动市级中心的服务")
    serve.add_argument("--host", metavar="地址", help="监听的地址")
    serve.add_argument("--port", type=int, metavar="端口", help="监听的端口")
    serve.set_defaults(run=run_service)


def run_service(options: argparse.Namespace) -> int:
    from hub.serving import serve
    from hub.settings import settings_from

    serve(settings_from(options.data, {"host": options.host, "port": options.port}))
    return 0

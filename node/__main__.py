"""The node's command line: run the service, join a hub, ask how things stand."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

import node.schema
from node.doctor.examine import examination
from node.doctor.findings import Light, as_text, worst
from node.serving import serve
from node.settings import NodeSettings, settings_from
from node.store import meta, outbox, videos
from node.uplink.uplink import Uplink
from node.videos.cache import Cache
from node.work.mirror import take_in
from shared import __version__
from shared.kit import lock
from shared.kit.clock import now
from shared.kit.refusal import Refusal
from shared.kit.store import Store, reading_beside

DATA = Path("data/node")


def main(argv: Sequence[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        # A Windows console may not know every character; a windowed program has no console.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    asked = _parser().parse_args(argv)
    try:
        settings = settings_from(asked.data, {"host": asked.host, "port": asked.port})
        if asked.command in ("enrol", "re-enrol"):
            return _enrol(settings, asked.hub, asked.code, asked.mirror)
        if asked.command == "status":
            return _status(settings)
        if asked.command == "doctor":
            return _doctor(settings)
        serve(settings)
    except Refusal as refusal:
        print(refusal.text, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
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
        choices=("run", "enrol", "re-enrol", "status", "doctor"),
        default="run",
        help="run 运行服务（默认）；enrol 接入市级中心；re-enrol 换盘或重装后重新接入，"
        "取回任务和历史；status 查看状态；doctor 体检：能不能阅卷，哪里要处理",
    )
    parser.add_argument("-h", "--help", action="help", help="显示本说明")
    parser.add_argument("--version", action="version", version=__version__, help="显示版本")
    parser.add_argument("--data", type=Path, default=DATA, help=f"数据目录，默认 {DATA}")
    parser.add_argument("--host", help="监听的地址，默认 0.0.0.0（本机房都能访问）")
    parser.add_argument("--port", type=int, help="监听的端口，默认 8080")
    parser.add_argument("--hub", default="", help="enrol：市级中心的地址，以 https:// 开头")
    parser.add_argument("--code", default="", help="enrol：市级中心给出的接入码")
    parser.add_argument(
        "--mirror", type=Path, help="re-enrol：镜像文件 outbox-….jsonl，补报旧盘上没报完的记录"
    )
    return parser


def _enrol(settings: NodeSettings, hub_url: str, code: str, mirror: Path | None) -> int:
    with lock.hold(settings.lock):
        store = Store(settings.database, node.schema.migrations)
        try:
            cache = Cache(settings.cache, settings.cache_bytes_max)
            uplink = Uplink(store, cache, settings, __version__)
            link = asyncio.run(uplink.enrol(hub_url, code))
            if mirror is not None:
                with store.writing() as db:
                    print(f"从镜像文件取回 {take_in(db, mirror, now())} 条记录，运行后重新上报。")
        finally:
            store.close()
    print(f"接入成功：{link.district}，{link.node_name}。现在可以运行服务（shengping-node run）。")
    return 0


def _status(settings: NodeSettings) -> int:
    """0 when nothing needs a person."""
    if not settings.database.exists():
        print(f"数据目录 {settings.data} 里还没有节点。请先运行服务，或用 enrol 接入市级中心。")
        return 1
    with reading_beside(settings.database) as db:
        link, pending, held = meta.link(db), outbox.pending_count(db), videos.totals(db)
    if link is not None:
        print(f"节点：{link.district}，{link.node_name}；市级中心：{link.hub_url}")
        print(f"未上报的记录：{pending} 条")
        print(f"视频：已就绪 {held.ready} 个，待下载 {held.wanted} 个，下载失败 {held.failed} 个")
    findings = _findings(settings, is_enrolled=link is not None)
    if held.failed:
        findings.append(f"有 {held.failed} 个视频下载失败，会自动重试")
    print("结论：" + ("；".join(findings) if findings else "一切正常") + "。")
    return 1 if findings else 0


def _doctor(settings: NodeSettings) -> int:
    """0 when marking can go on; what was found also stays in a file to send."""
    findings = []
    for found in examination(settings):
        print(f"{found.title}……{found.light.label}", flush=True)
        findings.append(found)
    text = as_text(findings)
    print(f"\n{text}")
    try:
        report = settings.data / "logs" / "doctor.txt"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(f"{__version__} {now().astimezone():%Y-%m-%d %H:%M}\n{text}\n", "utf-8")
        print(f"以上内容已存入 {report}，可以发给市级管理员。")
    except OSError as error:
        print(f"没能存成文件：{error}")
    return 1 if worst(findings) is Light.RED else 0


def _findings(settings: NodeSettings, *, is_enrolled: bool) -> list[str]:
    """What the running service says of itself, if there is one."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    address = f"http://{host}:{settings.port}"
    try:
        answer = httpx.get(f"{address}/health", timeout=5, trust_env=False)
        health: dict[str, Any] = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return [f"服务没有运行（端口 {settings.port} 上没有回答）"]
    if not is_enrolled:
        return [f"服务在运行，但还没有接入市级中心，请在浏览器打开 {address}/setup"]
    if not health["is_connected"]:
        return ["服务在运行，但没有连上市级中心；评分照常保存在本机", *_problem(health)]
    return _problem(health)


def _problem(health: dict[str, Any]) -> list[str]:
    return [str(health["problem"])] if health["problem"] else []


if __name__ == "__main__":
    sys.exit(main())

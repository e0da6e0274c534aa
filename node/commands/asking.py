"""How do things stand: status in three lines, doctor with remedies."""

from typing import Any

import httpx

from node.doctor.examine import examination
from node.doctor.findings import Light, as_text, worst
from node.settings import NodeSettings
from node.store import meta, outbox, videos
from shared import __version__
from shared.kit.clock import now
from shared.kit.lan import LOCAL
from shared.kit.store import reading_beside


def status(settings: NodeSettings) -> int:
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


def _findings(settings: NodeSettings, *, is_enrolled: bool) -> list[str]:
    """What the running service says of itself, if there is one."""
    address = f"http://{LOCAL.get(settings.host, settings.host)}:{settings.port}"
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


def doctor(settings: NodeSettings) -> int:
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

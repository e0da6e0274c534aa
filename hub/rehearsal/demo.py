"""The demo: a hub and two district nodes, until Ctrl-C; a second start goes on where it was."""

import asyncio
import json
import secrets
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from hub.rehearsal import programs
from hub.rehearsal.cast import Cast, CastPerson, make_cast
from hub.rehearsal.clips import FOR_EYES
from hub.rehearsal.markers import Diary, Script, Truth, is_played, play_marker
from hub.rehearsal.preparing import (
    Folders,
    add_admin,
    find_truth,
    invite_nodes,
    make_exam,
    open_formal_sitting,
    say,
)
from hub.rehearsal.programs import Program
from shared.kit.refusal import Refusal
from shared.rules.rubric import Role

LABS, OTHER_DISTRICTS, MARKERS = 2, 2, 12
COLLEAGUES_PAUSE_S = (8.0, 25.0)
DAY_S = 24 * 3600.0
SHOWN_MARKERS_PER_LAB = 2


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for."""

    folder: Path
    works: int
    port: int
    colleagues: bool


def run(wishes: Wishes) -> int:
    programs.end_in_order()
    folders = Folders(wishes.folder.resolve())
    cast = make_cast(
        labs=LABS,
        markers=MARKERS,
        works=wishes.works,
        seed=1,
        districts_besides=OTHER_DISTRICTS,
    )
    ports = range(wishes.port, wishes.port + 1 + LABS)
    if busy := [str(port) for port in ports if not programs.is_free(port)]:
        raise Refusal("busy", f"端口 {'、'.join(busy)} 已被占用，请用 --port 换一个。")
    make_exam(folders, cast, FOR_EYES)
    open_formal_sitting(folders, cast)
    password = _city_password(folders)
    truth = find_truth(folders, cast)
    with ExitStack() as stack:
        hub, nodes = _start(folders, cast, list(ports), stack)
        _print_table(cast, hub, nodes, password)
        if wishes.colleagues:
            _send_colleagues(cast, nodes, truth)
        _wait(hub, *nodes.values())
    return 0


def _start(
    folders: Folders, cast: Cast, ports: list[int], stack: ExitStack
) -> tuple[Program, dict[str, Program]]:
    new_labs = tuple(lab for lab in cast.labs if not (folders.node(lab) / "enrolled").exists())
    codes = invite_nodes(folders, new_labs)
    hub = programs.start_hub(folders.hub, ports[0])
    stack.callback(hub.stop)
    hub.wait_until_up()
    nodes = {}
    for lab, port in zip(cast.labs, ports[1:], strict=True):
        data = folders.node(lab)
        if lab in codes:
            programs.run("node", "--data", data, "enrol", "--hub", hub.url, "--code", codes[lab])
            (data / "enrolled").touch()
        nodes[lab] = programs.start_node(f"{lab}节点", data, port)
        stack.callback(nodes[lab].stop)
    for node in nodes.values():
        node.wait_until_up()
    return hub, nodes


def _city_password(folders: Folders) -> str:
    """Made at the first start and kept beside the demo's data, so that a second start tells it."""
    note = folders.root / "city-password.json"
    if note.exists():
        return str(json.loads(note.read_text("utf-8"))["password"])
    password = secrets.token_urlsafe(9)
    add_admin(folders, "city", password)
    note.write_text(json.dumps({"password": password}), "utf-8")
    return password


def _shown(cast: Cast, lab: str) -> list[CastPerson]:
    here = [p for p in cast.people if p.district == lab]
    markers = [p for p in here if p.role is Role.MARKER]
    return markers[:SHOWN_MARKERS_PER_LAB] + [p for p in here if p.role is not Role.MARKER]


def _print_table(cast: Cast, hub: Program, nodes: dict[str, Program], password: str) -> None:
    first = _shown(cast, cast.labs[0])[0]
    lines = [
        "",
        "演示已就绪。",
        f"先打开  {nodes[cast.labs[0]].url}  用 {first.phone} / {first.password} 登录，开始阅卷；",
        f"再打开  {hub.url}  用 city / {password} 登录，看全市进度。",
        "",
        f"{'地址':<22}{'账号':<14}{'密码':<14}{'角色'}",
        f"{hub.url:<24}{'city':<16}{password:<16}市级管理员",
    ]
    for lab, node in nodes.items():
        for person in _shown(cast, lab):
            role = f"{lab}{person.stage.label if person.stage else ''}{person.role.label}"
            lines.append(
                f"{node.url:<24}{person.phone:<16}{person.password:<16}{role} {person.name}"
            )
    lines += ["", "按 Ctrl-C 结束；再次启动会接着这次的进度。", ""]
    print("\n".join(lines), flush=True)


def _send_colleagues(cast: Cast, nodes: dict[str, Program], truth: Truth) -> None:
    left_to_people = {person.phone for lab in cast.labs for person in _shown(cast, lab)}
    colleagues = [p for p in cast.people if is_played(p) and p.phone not in left_to_people]
    script = Script(truth, 1, COLLEAGUES_PAUSE_S, time.monotonic() + DAY_S)
    say(f"{len(colleagues)} 名模拟教师在后台阅卷")

    async def mark() -> None:
        diary = Diary()
        await asyncio.gather(
            *(play_marker(p, nodes[p.district].url, script, diary) for p in colleagues),
            return_exceptions=True,
        )

    threading.Thread(target=lambda: asyncio.run(mark()), daemon=True).start()


def _wait(*running: Program) -> None:
    try:
        while all(program.process.poll() is None for program in running):
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("正在结束，评分都已保存")
        return
    ended = next(p for p in running if p.process.poll() is not None)
    raise Refusal("program", f"{ended.name}意外结束，请看 {ended.log.name}。")

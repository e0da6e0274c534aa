"""Installs the node on this PC, so that it runs by itself; and takes that back."""

import sys
import time
from pathlib import Path

import httpx

from node import launched
from node.launcher.home import Home
from node.machine import installing
from node.machine.steps import take
from node.settings import FILE_NAME, NodeSettings, settings_from
from shared.kit.lan import LOCAL, lan_address
from shared.kit.refusal import Refusal


def install(data: Path | None, host: str | None, port: int | None, wait_s: float) -> int:
    """Again at will: the same folders, rules and task, and the data untouched."""
    source = launched.home()
    if source is None or not Home(source).versions():
        raise Refusal(
            "not_a_program", "安装只能在解压后的程序包里进行：运行其中的 shengping-node。"
        )
    _must_be_administrator("install")
    folder = (data or _installed_data(installing.usual_home())).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    _keep_settings(folder, host, port)
    settings = settings_from(folder, {})
    place = installing.Place(source, installing.usual_home(), folder, settings.port)
    windows = sys.platform == "win32"
    take(installing.windows_steps(place) if windows else installing.linux_steps(place), print)
    return _wait_until_up(settings, wait_s)


def uninstall(settings: NodeSettings) -> int:
    _must_be_administrator("uninstall")
    windows = sys.platform == "win32"
    take(installing.windows_undoing() if windows else installing.linux_undoing(), print)
    print(f"已取消安装。数据仍在 {settings.data}，程序仍在 {installing.usual_home()}，可自行删除。")
    return 0


def _must_be_administrator(command: str) -> None:
    if not installing.is_administrator():
        raise Refusal(
            "not_administrator",
            f"需要管理员权限：以管理员身份打开命令提示符（Linux 用 sudo），再运行"
            f" shengping-node {command}。不能安装的机房可以直接双击 shengping-node 运行。",
        )


def _installed_data(home: Path) -> Path:
    try:
        return Path((home / "data.txt").read_text("utf-8").strip())
    except OSError:
        return installing.usual_data()


def _keep_settings(data: Path, host: str | None, port: int | None) -> None:
    """In node.toml, unless it says something of it already: then the file is the user's."""
    path = data / FILE_NAME
    said = path.read_text("utf-8-sig") if path.exists() else ""
    lines = []
    for name, value in (("host", host and f'"{host}"'), ("port", port)):
        if value is None:
            continue
        if any(line.split("=")[0].strip() == name for line in said.splitlines()):
            raise Refusal(
                "setting_there", f"{path} 里已有 {name}，请直接改那个文件，再运行 install。"
            )
        lines.append(f"{name} = {value}\n")
    if lines:
        # Before the tables, of which there are none; after the user's own lines.
        path.write_text(said.rstrip() + ("\n" if said else "") + "".join(lines), "utf-8")


def _wait_until_up(settings: NodeSettings, wait_s: float) -> int:
    address = f"http://{LOCAL.get(settings.host, settings.host)}:{settings.port}"
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/health", timeout=5, trust_env=False).status_code == 200:
                shown = lan_address() if settings.host in LOCAL else settings.host
                print(f"安装完成，服务已运行。阅卷网址：http://{shown}:{settings.port}/")
                print(f"首次使用请在本机浏览器打开 {address}/setup 输入接入码。")
                return 0
        except httpx.HTTPError:
            time.sleep(0.5)
    print("已安装，但服务没有起来。请运行 shengping-node doctor 查看原因。", file=sys.stderr)
    return 1

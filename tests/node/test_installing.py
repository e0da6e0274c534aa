"""Installing: what is set on the PC, that it may be done again, and how it refuses.

On Windows, under wine, for real: tests/program/test_windows_program.py.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from node.__main__ import main
from node.commands import installing as command
from node.launcher.child import HOME
from node.launcher.home import PROGRAM, Home, Pointer
from node.machine import installing
from node.machine.installing import Place
from node.machine.steps import Step, take
from node.machine.windows_task import task_xml
from node.settings import settings_from
from shared.kit.refusal import Refusal

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


YES_OR_NO, DURATION, ANYTHING = "true|false", r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?", ".+"
SCHEMA = {
    **dict.fromkeys(("Description", "Command", "Arguments", "WorkingDirectory"), ANYTHING),
    **dict.fromkeys(("Delay", "Interval", "ExecutionTimeLimit"), DURATION),
    **dict.fromkeys(
        (
            *("Enabled", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries"),
            *("AllowHardTerminate", "StartWhenAvailable", "RunOnlyIfNetworkAvailable"),
            *("StopOnIdleEnd", "AllowStartOnDemand"),
        ),
        YES_OR_NO,
    ),
    "UserId": r"S(-\d+)+",
    "RunLevel": "LeastPrivilege|HighestAvailable",
    "MultipleInstancesPolicy": "Parallel|Queue|IgnoreNew|StopExisting",
    "Priority": r"\d+",
    "Count": r"\d+",
}
"""The elements without children, and what may stand in each."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Version 1.0, unpacked by a technician."""
    source = Home(tmp_path / "下载 解压")
    program = source.program("1.0")
    program.parent.mkdir(parents=True)
    program.write_text("1.0")
    (source.folder / PROGRAM).write_text("launcher")
    source.point("1.0", "")
    return Place(source.folder, tmp_path / "Program Files", tmp_path / "数据 目录", 8081)


def test_installing_again_keeps_what_was_proven_and_the_data_folder(place: Place) -> None:
    installing.copy_program(place)
    installing.remember_data(place)
    home = Home(place.home)
    assert home.pointer() == Pointer("1.0", "")
    home.prove("1.0")
    newer = Home(place.source).program("1.1")
    newer.parent.mkdir()
    newer.write_text("1.1")
    Home(place.source).point("1.1", "")
    for _ in range(2):
        installing.copy_program(place)
        installing.remember_data(place)
        assert home.pointer() == Pointer("1.1", "1.0")
    assert (place.home / "data.txt").read_text("utf-8").strip() == str(place.data)
    assert (place.home / PROGRAM).read_text() == "launcher"


def test_the_task_starts_at_boot_lives_on_and_comes_back() -> None:
    text = task_xml(Path("C:/Program Files/声 & 评/shengping-node.exe"), Path('D:/数据 "1" & 2'))
    task = ElementTree.fromstring(text.split("\n", 1)[1])

    def said(name: str) -> str:
        found = task.find(f".//{NAMESPACE}{name}")
        assert found is not None, name
        return found.text or ""

    assert task.find(f".//{NAMESPACE}BootTrigger") is not None
    assert said("UserId") == "S-1-5-19"
    assert said("ExecutionTimeLimit") == "PT0S"
    assert said("MultipleInstancesPolicy") == "IgnoreNew"
    assert said("DisallowStartIfOnBatteries") == said("StopIfGoingOnBatteries") == "false"
    assert said("StartWhenAvailable") == "true"
    assert (said("Interval"), said("Count")) == ("PT1M", "255")
    assert said("Command").endswith("声 & 评/shengping-node.exe")
    assert 'run --data "D:/数据' in said("Arguments")


def test_the_task_says_nothing_that_the_schema_of_tasks_does_not_know() -> None:
    """As Microsoft documents it; schtasks refuses the whole task for one value out of place."""
    text = task_xml(Path("C:/声评/shengping-node.exe"), Path("D:/数据"))
    task = ElementTree.fromstring(text.split("\n", 1)[1])
    leaves = {e.tag.removeprefix(NAMESPACE): e.text or "" for e in task.iter() if len(e) == 0}
    assert leaves.keys() == SCHEMA.keys()
    for name, value in leaves.items():
        assert re.fullmatch(SCHEMA[name], value), f"{name}: {value}"
    assert int(leaves["Count"]) in range(1, 256) and int(leaves["Priority"]) in range(11)
    [trigger] = task.iter(f"{NAMESPACE}BootTrigger")
    # The one place where the order counts.
    assert [e.tag.removeprefix(NAMESPACE) for e in trigger] == ["Enabled", "Delay"]
    [context] = [e.attrib["Context"] for e in task.iter(f"{NAMESPACE}Actions")]
    assert [e.attrib["id"] for e in task.iter(f"{NAMESPACE}Principal")] == [context]


def test_the_steps_open_the_port_to_the_lab_alone_and_the_data_to_the_service_alone(
    place: Place,
) -> None:
    words = [" ".join(s.do) for s in installing.windows_steps(place) if isinstance(s.do, tuple)]
    [rule] = [w for w in words if "add rule" in w]
    assert "localport=8081" in rule and "remoteip=localsubnet" in rule
    [rights] = [w for w in words if "inheritance:r" in w]
    assert str(place.data) in rights and "S-1-5-19" in rights and "S-1-1-0" not in rights
    assert any("/run /tn" in w for w in words)
    [program] = [w for w in words if str(place.home / "app") in w]
    assert "S-1-5-19:(OI)(CI)M" in program, "the page's update puts a new version there"
    unit = installing.unit(place)
    assert f'run --data "{place.data}"' in unit and "Restart=always" in unit
    linux = [" ".join(s.do) for s in installing.linux_steps(place) if isinstance(s.do, tuple)]
    assert "systemctl enable --now shengping-node" in linux
    assert f"chown -R shengping {place.home / 'app'}" in linux
    assert {"ufw allow 8081/tcp", "firewall-cmd --permanent --add-port=8081/tcp"} <= set(linux)
    assert all(s.may_fail or callable(s.do) for s in installing.windows_undoing())


def test_the_first_step_that_must_not_fail_ends_it_and_says_why(tmp_path: Path) -> None:
    said: list[str] = []
    no_such = ("no-such-program-of-ours",)
    steps = [
        Step("甲", lambda: tmp_path.exists()),
        Step("乙", no_such, may_fail=True),
        Step("丙", lambda: (tmp_path / "a" / "b").write_text("")),
        Step("丁", lambda: said.append("never")),
    ]
    with pytest.raises(Refusal, match="丙：没有成功"):
        take(steps, said.append)
    assert said[0] == "甲……好" and said[1].startswith("乙……跳过")
    assert len(said) == 2


def test_only_a_program_is_installed_and_only_by_an_administrator(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(HOME, raising=False)
    assert main(["install"]) == 1
    assert "解压后的程序包" in capsys.readouterr().err
    monkeypatch.setenv(HOME, str(place.source))
    monkeypatch.setattr(installing, "is_administrator", lambda: False)
    for asked in ("install", "uninstall"):
        assert main([asked, "--data", str(place.data)]) == 1
        assert "需要管理员权限" in capsys.readouterr().err
    assert not place.data.exists()


def test_what_the_technician_chose_stays_in_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "node.toml").write_text("bandwidth_mbit = 100", "utf-8")
    command._keep_settings(tmp_path, "127.0.0.1", 8090)
    settings = settings_from(tmp_path, {})
    assert (settings.host, settings.port, settings.bandwidth_mbit) == ("127.0.0.1", 8090, 100)
    command._keep_settings(tmp_path, None, None)
    with pytest.raises(Refusal, match="已有 port"):
        command._keep_settings(tmp_path, None, 8091)

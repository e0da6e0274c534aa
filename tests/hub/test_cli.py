"""The terminal: Chinese from the help to the refusal, exit codes that scripts can trust."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from hub.__main__ import build_parser, main
from hub.commands.import_report import show_progress
from hub.commands.opening import hub_to_read, hub_to_write
from hub.settings import HubSettings
from hub.store import admins, announcements, sittings
from hub.work.check_media import Examined, File
from shared.kit.lock import hold
from shared.kit.passwords import check_password
from tests.hub.books import a_book, write_xlsx
from tests.hub.makers import a_hub

COMMANDS = (
    *("template", "import", "export", "admin", "invite", "prepare", "allocate"),
    *("wipe-trial", "announce", "verify", "serve"),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A hub with an exam whose videos are there."""
    a_hub(tmp_path / "data").close()
    return tmp_path / "data"


def test_an_event_can_be_run_from_the_terminal(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--data", str(data)]
    assert main([*at, "prepare", "trial"]) == 0
    assert main([*at, "allocate"]) == 0
    assert "以上是预览，没有分配" in capsys.readouterr().out
    assert main([*at, "allocate", "--confirm"]) == 0
    assert "中学音乐-国歌：作品 12 份" in capsys.readouterr().out
    assert main([*at, "announce", "十点开始", "--roles", "阅卷教师", "--strength", "重要"]) == 0
    assert main([*at, "verify"]) == 0
    assert "全部一致" in capsys.readouterr().out
    assert main([*at, "export", str(data / "results.csv")]) == 0
    assert "已写 24/24 行" in capsys.readouterr().err
    assert main([*at, "wipe-trial", "--name", "2023全市监测"]) == 0
    with hub_to_read(data) as db:
        wiped = sittings.sitting(db, 1)
        assert wiped is not None
        assert wiped.state == "wiped"


def test_a_long_check_of_videos_says_how_far_it_is_and_how_long_it_will_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moments = iter([0.0, 10.0, 40.0])
    clock = SimpleNamespace(monotonic=lambda: next(moments))
    monkeypatch.setattr("hub.commands.import_report.time", clock)
    good, bad = (Examined(File("a.mp4", 1, 1), None, problem) for problem in (None, "坏了"))
    assert len(list(show_progress([[good, bad], [good, good]], 100))) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == "视频检查 2/100，不能用 1 个，每秒 0.2 个，预计还需 8 分钟"
    assert second == "视频检查 4/100，不能用 1 个，每秒 0.1 个，预计还需 16 分钟"


def test_the_announcement_reaches_the_store(data: Path) -> None:
    assert main(["--data", str(data), "announce", "十点开始", "--district", "第1区"]) == 0
    with hub_to_read(data) as db:
        assert [a.text for a in announcements.recent(db)] == ["十点开始"]


def test_an_admin_gets_a_password_that_is_shown_once(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--data", str(data), "admin"]
    assert main([*at, "add", "王管理", "--viewer"]) == 0
    first = password_in(capsys.readouterr().out)
    assert main([*at, "add", "王管理"]) == 1
    assert "已有账号“王管理”" in capsys.readouterr().err
    assert main([*at, "reset", "王管理"]) == 0
    second = password_in(capsys.readouterr().out)
    with hub_to_read(data) as db:
        admin = admins.by_name(db, "王管理")
    assert admin is not None
    assert admin.role == "city_viewer"
    assert check_password(admin.password_hash, second)
    assert not check_password(admin.password_hash, first)


def password_in(said: str) -> str:
    return said.split("密码：")[1].split("\n")[0]


def test_a_node_is_invited_by_the_name_of_its_district(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(data), "invite", "第1区-二号机房", "第1区"]) == 0
    assert "的接入码：" in capsys.readouterr().out
    assert main(["--data", str(data), "invite", "某节点", "外区"]) == 1
    assert capsys.readouterr().err == "没有区县“外区”。\n"


def test_a_template_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "exam.xlsx"
    assert main(["template", str(target)]) == 0
    assert main(["template", str(target)]) == 1
    assert "已经存在，不覆盖" in capsys.readouterr().err
    assert main(["template", str(tmp_path / "exam.doc")]) == 1


def test_an_import_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_xlsx(tmp_path / "exam.xlsx", a_book())
    at = ["--data", str(tmp_path / "data"), "import", str(source)]
    assert main([*at, "--check"]) == 0
    assert "没有写入任何数据" in capsys.readouterr().out
    assert main(at) == 0
    assert "导入完成：新增人员 12 名、修改 0 名，新增作品 12 份" in capsys.readouterr().out


def test_while_the_service_runs_nothing_else_writes(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with hold(HubSettings(data).lock):
        assert main(["--data", str(data), "prepare", "formal"]) == 1
        assert "正在被另一个程序使用" in capsys.readouterr().err
        assert main(["--data", str(data), "verify"]) == 0, "reading is always possible"


def test_a_view_does_not_disturb_who_writes(data: Path) -> None:
    with hub_to_write(data) as store, hub_to_read(data) as view:
        assert admins.by_name(view, "王管理") is None
        with store.writing() as db:
            admins.add(db, "王管理", "hash", "city_admin")
        assert admins.by_name(view, "王管理") is None


def test_an_empty_folder_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path), "verify"]) == 1
    assert "还没有数据，请先导入考试" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_allocating_needs_a_prepared_sitting(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(data), "allocate", "--confirm"]) == 1
    assert "请先运行 prepare" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_in_chinese(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([command, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("用法：shengping-hub ")
    assert "show this help" not in said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "缺少参数：命令"),
        (["import"], "缺少参数：数据表"),
        (["prepare", "final"], "不能是“final”，可以是：'trial', 'formal'"),
        (["verify", "--all"], "不认识的参数：--all"),
        (["serve", "--port", "web"], "--port 应为数字：web"),
    ],
)
def test_a_wrong_command_line_is_refused_in_chinese(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert expected in capsys.readouterr().err


def test_the_help_needs_none_of_the_heavy_libraries() -> None:
    script = (
        "import sys, hub.__main__ as m; m.build_parser();"
        "sys.exit(bool({'av', 'numpy', 'litestar', 'xlsxwriter'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0

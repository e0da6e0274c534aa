"""A new version from a zip: what is taken, what is refused, and the way back for the data."""

import hashlib
import stat
import zipfile
from pathlib import Path

import pytest

from hub.work.releases import path_of, publish, published
from node import launched
from node.__main__ import main
from node.commands.updating import believe, refuse_while_marking
from node.launcher.child import HOME
from node.launcher.home import PROGRAM, Home, Pointer
from node.machine.updating import add_version, change_over, refuse_older
from node.settings import NodeSettings
from node.store import outbox, sessions
from node.work.step_back import step_back
from shared.kit.clock import now
from shared.kit.files import sha256_of
from shared.kit.refusal import Refusal
from tests.makers import NINE, WANG, a_node_store
from tests.node.serving import sign_in


def a_zip(folder: Path, version: str, *more: str, program: str = PROGRAM) -> Path:
    archive = folder / f"shengping-node-{version}-linux-x86_64.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        root = "shengping-node"
        info = zipfile.ZipInfo(f"{root}/app/{version}/{program}")
        info.external_attr = (stat.S_IFREG | 0o755) << 16
        packed.writestr(info, "#!/bin/sh\n")
        for name in (f"{root}/{PROGRAM}", f"{root}/app/{version}/_internal/a b.txt", *more):
            packed.writestr(name, "x")
    return archive


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Version 1.0 runs and is proven."""
    home = Home(tmp_path / "程序 目录")
    add_version(home, a_zip(tmp_path, "1.0"))
    home.point("1.0", "1.0")
    return home


def test_a_new_version_lies_beside_the_old_one_and_is_pointed_at(
    home: Home, tmp_path: Path
) -> None:
    archive = a_zip(tmp_path, "1.1")
    assert add_version(home, archive) == "1.1"
    assert add_version(home, archive) == "1.1"
    assert home.versions() == ["1.0", "1.1"]
    assert home.program("1.1").stat().st_mode & 0o100
    assert (home.folder / "app" / "1.1" / "_internal" / "a b.txt").read_text() == "x"
    change_over(home, "1.1")
    assert home.pointer() == Pointer("1.1", "1.0")


@pytest.mark.parametrize(
    ("more", "program", "code"),
    [
        (("shengping-node/app/1.1/../../../evil",), PROGRAM, "zip_strange"),
        (("shengping-node/app/1.2/other",), PROGRAM, "zip_strange"),
        (("shengping-node/app/new/other",), PROGRAM, "zip_strange"),
        ((), "something-else", "zip_strange"),
    ],
)
def test_a_strange_zip_is_refused_and_leaves_nothing(
    home: Home, tmp_path: Path, more: tuple[str, ...], program: str, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        add_version(home, a_zip(tmp_path, "1.1", *more, program=program))
    assert refused.value.code == code
    assert home.versions() == ["1.0"]
    assert not (tmp_path / "evil").exists()


def test_a_damaged_zip_and_an_older_version_are_refused(home: Home, tmp_path: Path) -> None:
    half = tmp_path / "half.zip"
    half.write_bytes(a_zip(tmp_path, "1.1").read_bytes()[:200])
    with pytest.raises(Refusal, match="不是完整的压缩包"):
        add_version(home, half)
    with pytest.raises(Refusal, match="不能降级"):
        refuse_older(home, "0.9")
    with pytest.raises(Refusal, match="打不开"):
        sha256_of(tmp_path / "nothing.zip")


def test_only_what_the_city_published_is_believed(tmp_path: Path) -> None:
    archive = a_zip(tmp_path, "1.1")
    settings = NodeSettings(tmp_path / "data")
    believe(settings, archive, hashlib.sha256(archive.read_bytes()).hexdigest())
    with pytest.raises(Refusal, match="与填写的不一致"):
        believe(settings, archive, "0" * 64)
    with pytest.raises(Refusal, match="无法向市级中心核对"):
        believe(settings, archive, "")


def test_the_city_publishes_a_list_that_anybody_can_check(tmp_path: Path) -> None:
    archive = a_zip(tmp_path, "1.1")
    assert published(tmp_path) == []
    first = publish(tmp_path, archive)
    assert publish(tmp_path, archive) == first
    assert published(tmp_path) == [first]
    assert (first.sha256, first.bytes) == (sha256_of(archive), archive.stat().st_size)
    archive.unlink()
    assert path_of(tmp_path, first).stat().st_size == first.bytes, "a copy of its own"
    path_of(tmp_path, first).unlink()
    assert [one.bytes for one in published(tmp_path)] == [0]
    with pytest.raises(Refusal, match="打不开"):
        publish(tmp_path, tmp_path / "nothing.zip")
    other = tmp_path / "new version.zip"
    other.write_bytes(b"x")
    with pytest.raises(Refusal, match="原名"):
        publish(tmp_path, other)


def test_nobody_is_interrupted_while_marking(tmp_path: Path) -> None:
    store = a_node_store(tmp_path)
    settings = NodeSettings(tmp_path)
    refuse_while_marking(NodeSettings(tmp_path / "new"))
    refuse_while_marking(settings)
    sign_in(store, WANG)
    with pytest.raises(Refusal, match="有 1 人正在阅卷"):
        refuse_while_marking(settings)
    with store.writing() as db:
        sessions.prune(db, now())
    store.close()
    refuse_while_marking(settings)


def test_an_update_goes_by_the_folder_of_the_program(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = a_zip(tmp_path, "1.1")
    command = ["update", str(archive), "--sha256", sha256_of(archive), "--port", "1"]
    assert main(command) == 1
    assert "安装好的程序目录" in capsys.readouterr().err
    monkeypatch.setenv(HOME, str(home.folder))
    assert launched.data_folder(Path("elsewhere")) == home.folder / "data"
    assert main(command) == 0
    assert "下次启动时换用 1.1" in capsys.readouterr().out
    assert home.pointer() == Pointer("1.1", "1.0")
    assert main(command) == 0
    assert "不用更新" in capsys.readouterr().out


def test_data_that_a_newer_version_changed_is_put_back_when_nothing_was_marked(
    tmp_path: Path,
) -> None:
    store = a_node_store(tmp_path)
    before = tmp_path / "node-before-m999.db"
    store.backup(before)
    with store.writing() as db:
        db.conn.execute("CREATE TABLE newer (x)")
    store.close()
    aside = step_back(tmp_path / "node.db", NINE)
    assert aside is not None and aside.exists() and before.exists()
    again = a_node_store(tmp_path)
    with again.reading() as db:
        assert "newer" not in db.table_names()
    again.close()


def test_data_in_which_something_was_marked_since_is_left_alone(tmp_path: Path) -> None:
    store = a_node_store(tmp_path)
    assert step_back(tmp_path / "node.db", NINE) is None
    store.backup(tmp_path / "node-before-m999.db")
    with store.writing() as db:
        outbox.put_text(db, 0, "mark", 1, "{}", "e" * 32, NINE)
    store.close()
    kept = (tmp_path / "node.db").read_bytes()
    assert step_back(tmp_path / "node.db", NINE) is None
    assert (tmp_path / "node.db").read_bytes() == kept

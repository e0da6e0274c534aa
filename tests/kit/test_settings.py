"""Settings: file, environment and flags in their order, and plain words for what is wrong."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.kit.refusal import Refusal
from shared.kit.settings import load


@dataclass(frozen=True, slots=True)
class Sample:
    data: Path
    port: int = 8080
    rate: float = 1.5
    is_quiet: bool = False
    name: str | None = None


def _load(path: Path | None = None, **overrides: object) -> Sample:
    return load(Sample, path, "SAMPLE_", {"data": "somewhere", **overrides})


def test_defaults_hold_where_nothing_is_said() -> None:
    assert _load() == Sample(Path("somewhere"))


def test_later_sources_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "sample.toml"
    file.write_text('port = 1\nrate = 2\nis_quiet = true\nname = "江北区"\n', encoding="utf-8")
    monkeypatch.setenv("SAMPLE_PORT", "2")
    monkeypatch.setenv("SAMPLE_RATE", "0.25")
    found = _load(file, rate=4, name=None)
    assert found == Sample(Path("somewhere"), 2, 4.0, True, "江北区")


def test_a_file_saved_by_notepad_is_read(tmp_path: Path) -> None:
    file = tmp_path / "sample.toml"
    file.write_bytes(b"\xef\xbb\xbfport = 9\r\n")
    assert _load(file).port == 9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('port = "eighty"', "port 应为整数"),
        ("port = true", "port 应为整数"),
        ('is_quiet = "perhaps"', "is_quiet 应为 true 或 false"),
        ("prot = 1", "prot 不认识"),
        ("port = ", "无法读取"),
    ],
)
def test_what_is_wrong_is_said_in_chinese(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "sample.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal) as caught:
        _load(file)
    assert said in caught.value.text


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(Refusal, match="data"):
        load(Sample, None, "SAMPLE_", {})

"""Settings: a TOML file, the environment and flags become one checked dataclass."""

import dataclasses
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from shared.kit.refusal import Refusal

T = TypeVar("T")
Given = dict[str, tuple[str, object]]
"""name -> where it was said, and what."""

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def load(
    cls: type[T], toml_path: Path | None, env_prefix: str, overrides: Mapping[str, object]
) -> T:
    """Later wins: default, file, environment, override; an override of None says nothing."""
    kinds = get_type_hints(cls)
    given = {**_of_file(toml_path), **_of_environment(env_prefix, kinds), **_of_flags(overrides)}
    values: dict[str, Any] = {}
    for name, (where, value) in given.items():
        if name not in kinds:
            raise Refusal("setting_unknown", f"{where} 不认识，请删除或改正名称。")
        values[name] = _convert(value, kinds[name], where)
    return _build(cls, values)


def _of_file(path: Path | None) -> Given:
    if path is None or not path.exists():
        return {}
    return {name: (f"配置文件 {path} 的 {name}", value) for name, value in _read(path).items()}


def _of_environment(prefix: str, names: Iterable[str]) -> Given:
    variables = {name: prefix + name.upper() for name in names}
    return {
        name: (f"环境变量 {variable}", os.environ[variable])
        for name, variable in variables.items()
        if variable in os.environ
    }


def _of_flags(flags: Mapping[str, object]) -> Given:
    return {n: (f"启动参数 {n}", value) for n, value in flags.items() if value is not None}


def _build(cls: type[T], values: dict[str, Any]) -> T:
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    for field in fields:
        has_default = (
            field.default is not dataclasses.MISSING
            or field.default_factory is not dataclasses.MISSING
        )
        if field.name not in values and not has_default:
            raise Refusal("setting_missing", f"缺少设置 {field.name}，请在配置文件中填写。")
    return cls(**values)


def _read(path: Path) -> dict[str, object]:
    try:
        # utf-8-sig: Windows' Notepad writes a mark that tomllib refuses.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refusal("settings_unreadable", f"配置文件 {path} 无法读取：{error}") from error


def _convert(value: object, kind: Any, where: str) -> object:
    if get_origin(kind) in (Union, UnionType):
        kind = next(a for a in get_args(kind) if a is not type(None))
    wanted, text = _NAMES.get(kind, "文字"), str(value).strip()
    try:
        if kind is bool:
            return _as_bool(text)
        if kind in (int, float):
            if isinstance(value, bool):
                raise ValueError(text)
            return kind(text)
    except ValueError as error:
        raise Refusal("setting_wrong", f"{where} 应为{wanted}，现在是“{text}”。") from error
    return Path(text) if kind is Path else text


def _as_bool(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE


_NAMES = {int: "整数", float: "数字", bool: " true 或 false", Path: "路径"}

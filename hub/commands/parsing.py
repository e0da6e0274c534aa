"""Command lines that explain themselves in Chinese."""

import argparse
import re
from collections.abc import Callable
from typing import NoReturn, TypeAlias

Command = Callable[[argparse.Namespace], int]
"""Does the command; answers the exit code."""
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"

_WORDS = (
    (re.compile(r"the following arguments are required: (.+)"), r"缺少参数：\1"),
    (re.compile(r"unrecognized arguments: (.+)"), r"不认识的参数：\1"),
    (
        re.compile(r"argument (.+?): invalid choice: '?(.+?)'? \(choose from (.+)\)"),
        r"\1 不能是“\2”，可以是：\3",
    ),
    (re.compile(r"argument (.+?): invalid (?:int|float) value: '(.+)'"), r"\1 应为数字：\2"),
    (re.compile(r"argument (.+?): expected one argument"), r"\1 后面缺少内容"),
)


class Formatter(argparse.HelpFormatter):
    def add_usage(self, usage, actions, groups, prefix=None):  # type: ignore[no-untyped-def]
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    def __init__(self, **options: object) -> None:
        super().__init__(add_help=False, formatter_class=Formatter, **options)  # type: ignore[arg-type]
        self._positionals.title = "参数"
        self._optionals.title = "选项"
        self.add_argument("-h", "--help", action="help", help="显示这份说明")

    def error(self, message: str) -> NoReturn:
        for pattern, words in _WORDS:
            message = pattern.sub(words, message)
        self.exit(2, f"命令有误：{message}\n{self.format_usage()}")

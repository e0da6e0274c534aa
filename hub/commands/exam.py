"""The commands template, import and export."""

import argparse
import sys
from pathlib import Path

from hub.commands.parsing import Commands
from shared.kit.refusal import Refusal


def add_to(commands: Commands) -> None:
    template = commands.add_parser("template", help="生成空白的考试数据表")
    template.add_argument("file", type=Path, metavar="文件.xlsx", help="要生成的文件")
    template.set_defaults(run=write_template)

    bring = commands.add_parser("import", help="检查并导入考试数据和视频")
    bring.add_argument(
        "source", type=Path, metavar="数据表", help="填好的 .xlsx，或放有各表 CSV 的文件夹"
    )
    bring.add_argument("--videos", type=Path, metavar="文件夹", help="视频所在的文件夹")
    bring.add_argument("--check", action="store_true", help="只检查，不写入任何数据")
    bring.add_argument(
        "--transcode",
        action="store_true",
        help="把浏览器不能播放的视频转码（较慢）；不写时只列出来",
    )
    bring.add_argument("--strict", action="store_true", help="有不能用的视频时不导入")
    bring.add_argument(
        "--remove-missing",
        action="store_true",
        help="删除表中已经没有的作品（已分配的不能删除）",
    )
    bring.add_argument(
        "--report", type=Path, metavar="文件", help="把全部问题写入 .xlsx 或 .csv 文件"
    )
    bring.set_defaults(run=import_exam)

    out = commands.add_parser("export", help="导出结果和全部评分")
    out.add_argument("target", type=Path, metavar="文件", help="results.xlsx 或 results.csv")
    out.add_argument(
        "--sitting",
        choices=("trial", "formal"),
        help="导出试阅（trial）或正式（formal）；不写时优先正式",
    )
    out.set_defaults(run=export)


def write_template(options: argparse.Namespace) -> int:
    from hub.sheets import template

    target: Path = options.file
    if target.suffix.lower() != ".xlsx":
        raise Refusal("unknown_format", f"文件名应以 .xlsx 结尾：{target.name}")
    if target.exists():
        raise Refusal("file_exists", f"{target} 已经存在，不覆盖。请换一个文件名。")
    if not target.parent.is_dir():
        raise Refusal("no_such_folder", f"找不到文件夹：{target.parent}")
    template.write_template(target)
    print(f"已生成 {target}。填好后运行：shengping-hub import {target} --videos 视频文件夹")
    return 0


def import_exam(options: argparse.Namespace) -> int:
    from hub.commands.importing import Wish, run

    return run(
        Wish(
            data=options.data,
            source=options.source,
            videos=options.videos,
            is_check=options.check,
            is_strict=options.strict,
            may_transcode=options.transcode,
            remove_missing=options.remove_missing,
            report=options.report,
        )
    )


def export(options: argparse.Namespace) -> int:
    from hub.commands.opening import hub_to_read
    from hub.work.export_results import export as export_results
    from hub.work.sittings import KIND_LABELS
    from shared.kit.clock import now

    with hub_to_read(options.data) as db:
        exported = export_results(db, options.target, now(), options.sitting, _Said().report)
    for path in exported.files:
        print(f"已写入 {path}")
    counted = "，".join(f"{state} {count} 份" for state, count in exported.by_state.items())
    print(f"{KIND_LABELS[exported.sitting.kind]}：{counted or '没有作品'}", file=sys.stderr)
    return 0


class _Said:
    """Every tenth of an export on a line of its own: also a log can be read."""

    def __init__(self) -> None:
        self._tenth = 0

    def report(self, done: int, total: int) -> None:
        tenth = 10 * done // max(total, 1)
        if tenth > self._tenth:
            self._tenth = tenth
            print(f"已写 {done}/{total} 行", file=sys.stderr, flush=True)

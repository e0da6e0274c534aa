"""Writes the invented exam as the very workbook that a city would fill in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import xlsxwriter

from hub.rehearsal.cast import Cast
from hub.sheets import layout
from shared.rules.rubric import CRITERIA, LEVELS, Criterion

Row = tuple[str | int, ...]

WORDS: dict[Criterion, tuple[str, str, str, str]] = {
    Criterion.OVERALL: (
        "演唱整体完整，音准节奏稳定，情感自然，听感好",
        "整体较完整，个别地方有瑕疵，听感较好",
        "能基本唱完，问题较多，听感一般",
        "未完成演唱，或听不出所唱歌曲",
    ),
    Criterion.PITCH: (
        "音高准确，全曲调性稳定，无明显跑调",
        "音高基本准确，跑调不超过 2 处",
        "多处音高偏离，但旋律仍可辨认",
        "旋律无法辨认，或大部分跑调",
    ),
    Criterion.EXPRESSION: (
        "情绪与歌曲吻合，力度有变化，神情自然",
        "情绪基本吻合，力度变化较少",
        "情绪平淡，几乎没有力度变化",
        "无情绪投入，或与歌曲情绪相反",
    ),
    Criterion.LYRICS: (
        "吐字清晰，歌词完整，与旋律对应准确",
        "吐字较清晰，错漏歌词不超过 2 处",
        "吐字含混，错漏歌词 3 处以上",
        "大部分歌词缺失，或无法听清",
    ),
    Criterion.RHYTHM: (
        "速度稳定，节奏准确，长短音到位",
        "节奏基本准确，偶有抢拍或拖拍",
        "节奏不稳，多处抢拍或拖拍",
        "节奏混乱，无法跟随拍点",
    ),
    Criterion.FLUENCY: (
        "一气呵成，气息连贯，分句合理，无停顿",
        "旋律完整，分句基本合理，停顿不超过 2 次",
        "演唱断续，停顿 3 次以上",
        "多次中断，未能继续演唱",
    ),
}


def write_workbook(path: Path, cast: Cast, name: str, first_day: str, last_day: str) -> None:
    with xlsxwriter.Workbook(path) as book:
        for sheet in layout.SHEETS:
            page = book.add_worksheet(sheet.name)
            page.write_row(0, 0, [column.name for column in sheet.columns])
            for number, row in enumerate(_rows(sheet.name, cast, name, first_day, last_day), 1):
                page.write_row(number, 0, row)


def _rows(sheet: str, cast: Cast, name: str, first_day: str, last_day: str) -> Iterator[Row]:
    if sheet == layout.EXAM:
        yield from (
            (layout.NAME, name, ""),
            (layout.FIRST_DAY, first_day, ""),
            (layout.LAST_DAY, last_day, ""),
        )
        yield from ((setting, value, "") for setting, value in cast.settings.items())
    else:
        yield from _WRITERS[sheet](cast)


LYRICS = "\n".join(
    (
        "歌词第一句，由市级平台随题目下发",
        "歌词第二句，阅卷时可对照判断错词漏词",
        "歌词第三句，长的歌词可以滚动",
        "歌词第四句",
    )
)


def _groups(cast: Cast) -> Iterator[Row]:
    for place, model in enumerate(cast.models, 1):
        yield (model.stage.label, model.item, place, LYRICS, model.file_name)


def _rubric(_cast: Cast) -> Iterator[Row]:
    for criterion in CRITERIA:
        for level, words in zip(LEVELS, WORDS[criterion], strict=True):
            yield (layout.EVERY_GROUP, criterion.label, level, words)


def _districts(cast: Cast) -> Iterator[Row]:
    yield from ((district,) for district in cast.districts)


def _people(cast: Cast) -> Iterator[Row]:
    for person in cast.people:
        scope = person.stage.label if person.stage else ""
        yield (person.phone, person.name, person.district, person.role.label, scope, 100, "启用")


def _performances(cast: Cast) -> Iterator[Row]:
    for w in cast.works:
        yield (w.student, w.school, w.district, w.stage.label, w.item, w.file_name)


_WRITERS: dict[str, Callable[[Cast], Iterator[Row]]] = {
    layout.GROUPS: _groups,
    layout.RUBRIC: _rubric,
    layout.DISTRICTS: _districts,
    layout.PEOPLE: _people,
    layout.PERFORMANCES: _performances,
}

"""Checking the sheets: a good book passes; each way of spoiling it is named where it is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.sheets.checking import check
from hub.sheets.findings import SHOWN_PER_SHEET
from hub.sheets.reading import read_tables
from shared.kit.refusal import Refusal
from shared.rules.policy import Policy
from shared.rules.rubric import Criterion, Role, Stage
from tests.hub.books import Book, a_book, as_tables, write_csvs, write_xlsx


def problems_of(book: Book) -> list[str]:
    return check(as_tables(book))[1].problem_lines()


def test_a_good_book_becomes_an_exam() -> None:
    sheets, findings = check(as_tables(a_book()))
    assert findings.problem_lines() == findings.warning_lines() == []
    assert sheets.exam.name == "2026年监测"
    assert (sheets.exam.first_day, sheets.exam.last_day) == ("2026-11-24", "2026-11-25")
    assert [group.item for group in sheets.groups] == ["国歌", "选唱"]
    assert sheets.rubrics[Stage.PRIMARY, "选唱"][Criterion.PITCH][3] == "音准3级"
    assert len(sheets.people) == 12
    assert sheets.people[1].role is Role.LEADER
    assert len(sheets.performances) == 12


def test_policies_are_written_in_chinese() -> None:
    book = a_book()
    book["考试"] += [["回避本区县", "只评本区县"], ["容差", 1], ["显示评次", "否"]]
    sheets, findings = check(as_tables(book))
    assert findings.problem_lines() == []
    assert sheets.exam.policy == Policy(home_district="only", tolerance=1, show_round=False)


def test_the_citys_own_phrases_are_taken_and_too_long_ones_named() -> None:
    book = a_book()
    book["考试"].append(["常用评语", "唱错歌； ；没有声音"])
    sheets, _ = check(as_tables(book))
    assert sheets.exam.policy.phrases == ("唱错歌", "没有声音")
    book["考试"][-1][1] = "长" * 201
    assert problems_of(book) == ["考试 第 5 行「值」：“常用评语”最多 200 字，现在是 201 字"]


def test_policies_that_do_not_go_together_are_a_warning() -> None:
    book = a_book()
    book["考试"].append(["回避本区县", "只评本区县"])
    _, findings = check(as_tables(book))
    assert findings.warning_lines() == [
        "考试「值」：“回避本区县”填“只评本区县”时，“1评和2评”应填“同一区县”，否则不能分配"
    ]
    book["考试"].append(["1评和2评", "同一区县"])
    assert check(as_tables(book))[1].warning_lines() == []


def test_a_rubric_of_one_group_goes_before_that_of_all() -> None:
    book = a_book()
    book["评价标准"].append(["小学音乐-选唱", "音准", 3, "选唱的音准"])
    sheets, _ = check(as_tables(book))
    assert sheets.rubrics[Stage.PRIMARY, "选唱"][Criterion.PITCH][3] == "选唱的音准"
    assert sheets.rubrics[Stage.PRIMARY, "国歌"][Criterion.PITCH][3] == "音准3级"


def test_phones_come_in_every_shape_that_excel_makes(tmp_path: Path) -> None:
    book = a_book()
    phones: list[float | str] = [19900000501.0, "199 0000 0502", "１９９０００００５０３"]
    for row, phone in zip(book["人员"], phones, strict=False):
        row[0] = phone
    sheets, findings = check(read_tables(write_xlsx(tmp_path / "exam.xlsx", book)))
    assert findings.problem_lines() == []
    assert [person.phone for person in sheets.people[:3]] == [
        "19900000501",
        "19900000502",
        "19900000503",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_sheets_in_a_folder_do_as_well(tmp_path: Path, encoding: str) -> None:
    folder = write_csvs(tmp_path / "sheets", a_book(), encoding)
    assert check(read_tables(folder))[0] == check(as_tables(a_book()))[0]


def test_rows_are_numbered_as_the_spreadsheet_shows_them(tmp_path: Path) -> None:
    book = a_book()
    book["区县"].insert(1, [""])
    book["区县"].insert(2, ["示例区"])
    book["区县"].append(["第1区"])
    _, findings = check(read_tables(write_xlsx(tmp_path / "exam.xlsx", book)))
    assert findings.problem_lines() == ["区县 第 7 行「区县」：“第1区”与第 2 行重复"]


def put(sheet: str, row: int, column: int, cell: str | int) -> Callable[[Book], None]:
    def spoil(book: Book) -> None:
        book[sheet][row][column] = cell

    return spoil


def again(sheet: str) -> Callable[[Book], None]:
    return lambda book: book[sheet].append(list(book[sheet][0]))


BAD = [
    (put("考试", 0, 1, ""), "考试 第 2 行「值」：“考试名称”没有填写"),
    (put("考试", 1, 1, "11月24日"), "考试 第 3 行「值」：“11月24日”不是日期"),
    (put("考试", 2, 1, "2026-11-01"), "考试 第 4 行「值」：结束日期早于开始日期"),
    (put("考试", 0, 0, "名称"), "考试 第 2 行「项目」：不认识“名称”"),
    (lambda b: b["考试"].append(["回避本区县", "也许"]), "可以填：回避、不回避、只评本区县"),
    (lambda b: b["考试"].append(["容差", "7"]), "考试 第 5 行「值」：“7”应为 0 到 3 的整数"),
    (again("考试"), "考试 第 5 行「项目」：“考试名称”与第 2 行重复"),
    (lambda b: b["考试"].pop(0), "考试「项目」：缺少“考试名称”这一行"),
    (put("题组", 0, 0, "高中"), "题组 第 2 行「学段」：“高中”不可用，可以填：小学、中学"),
    (put("题组", 1, 2, 1), "题组 第 3 行「顺序」：顺序 1 与第 2 行重复"),
    (put("题组", 1, 2, "先"), "题组 第 3 行「顺序」：“先”应为 1 到 999 的整数"),
    (again("题组"), "题组 第 4 行「题目」：题组与第 2 行重复"),
    (put("评价标准", 0, 0, "小学国歌"), "可以填：全部、小学音乐-国歌、小学音乐-选唱"),
    (put("评价标准", 0, 2, 4), "评价标准 第 2 行「分值」：“4”应为 0 到 3 的整数"),
    (lambda b: b["评价标准"].pop(0), "小学音乐-国歌的“综合”缺少分值 3 的描述"),
    (again("评价标准"), "评价标准 第 26 行「分值」：同一题组、维度和分值与第 2 行重复"),
    (put("人员", 0, 0, "12345"), "人员 第 2 行「电话」：“12345”不是 11 位手机号"),
    (put("人员", 1, 0, "19900000100"), "人员 第 3 行「电话」：电话 19900000100 与第 2 行重复"),
    (put("人员", 0, 2, "外区"), "人员 第 2 行「区县」：“外区”不在“区县”表中"),
    (put("人员", 0, 3, "老师"), "人员 第 2 行「角色」：“老师”不可用，可以填：阅卷教师"),
    (put("人员", 1, 4, ""), "人员 第 3 行「范围」：学科组长必须填写范围：小学或中学"),
    (put("作品", 0, 0, ""), "作品 第 2 行「考号」：没有填写"),
    (put("作品", 0, 0, "3.50102E+17"), "丢失了末位数字"),
    (put("作品", 0, 4, "合唱"), "作品 第 2 行「题目」：“题组”表中没有“小学音乐-合唱”"),
    (put("作品", 0, 5, "../1.mp4"), "作品 第 2 行「文件名」：“../1.mp4”应是视频文件夹里的文件名"),
    (put("作品", 0, 5, "C:\\1.mp4"), "不能是完整路径"),
    (put("作品", 1, 5, "第1区/0国歌.MP4"), "作品 第 3 行「文件名」：文件名与第 2 行重复"),
    (again("作品"), "作品 第 14 行「考号」：同一考号和题目与第 2 行重复"),
    (lambda b: b.pop("作品"), "作品：缺少工作表“作品”"),
    (lambda b: b["区县"].clear(), "区县：没有填写任何区县"),
]


@pytest.mark.parametrize(("spoil", "expected"), BAD, ids=[text for _, text in BAD])
def test_what_is_wrong_is_named_with_sheet_row_and_column(
    spoil: Callable[[Book], object], expected: str
) -> None:
    book = a_book()
    spoil(book)
    assert any(expected in line for line in problems_of(book)), problems_of(book)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    folder = write_csvs(tmp_path / "sheets", a_book())
    (folder / "作品.csv").write_text("考号,学校\nS1,学校\n", "utf-8")
    lines = check(read_tables(folder))[1].problem_lines()
    assert "作品 第 1 行「文件名」：表头缺少这一列" in lines


def test_a_long_number_that_excel_rounded_is_refused(tmp_path: Path) -> None:
    book = a_book()
    book["作品"][0][0] = 350102199901011234
    lines = check(read_tables(write_xlsx(tmp_path / "exam.xlsx", book)))[1].problem_lines()
    assert "作品 第 2 行「考号」：“3.50102E+17”是 Excel 丢失了末位数字的长数字" in lines[0]


def test_people_who_are_missing_are_a_warning_not_a_problem() -> None:
    book = a_book()
    book["人员"] = [row for row in book["人员"] if row[3] == "阅卷教师"][:2]
    _, findings = check(as_tables(book))
    assert findings.problem_lines() == []
    assert findings.warning_lines() == [
        "人员「角色」：小学只有 2 名阅卷教师，三次评分至少要 3 名",
        "人员「角色」：小学没有学科组长，4评无人可分配",
        "人员「角色」：没有学科负责人的区县：第1区",
    ]


def test_a_thousand_problems_are_not_all_listed() -> None:
    book = a_book(students=300)
    for row in book["作品"]:
        row[2] = "外区"
    lines = problems_of(book)
    assert len(lines) == SHOWN_PER_SHEET + 1
    assert lines[-1] == "作品：还有 1600 处，未逐条列出"


def test_a_file_that_is_no_workbook_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "exam.xlsx").write_bytes(b"not a workbook")
    with pytest.raises(Refusal, match="请用 Excel 另存为"):
        read_tables(tmp_path / "exam.xlsx")
    with pytest.raises(Refusal, match="找不到文件"):
        read_tables(tmp_path / "nothing.xlsx")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refusal, match="文件夹里没有"):
        read_tables(tmp_path / "empty")


def test_what_is_attached_to_an_item_group_has_its_limits() -> None:
    book = a_book()
    book["题组"][0] += ["字" * 4001, "范唱.mp4"]
    book["题组"][1] += ["", "../范唱.mp4"]
    lines = problems_of(book)
    assert "题组 第 2 行「歌词」：有 4001 字，最多 4000 字" in lines
    assert any(line.startswith("题组 第 3 行「范唱文件」：“../范唱.mp4”应是") for line in lines)

"""The exam workbook as data: its sheets, columns, allowed values and example rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.rules.policy import PHRASES_MAX, Policy
from shared.rules.rubric import CRITERIA, LEVELS, Role, Stage

EXAMPLE_MARK = "示例"
"""A row whose first cell starts with this is an example, and is not imported."""

EXAM = "考试"
GROUPS = "题组"
RUBRIC = "评价标准"
DISTRICTS = "区县"
PEOPLE = "人员"
PERFORMANCES = "作品"

LYRICS, MODEL = "歌词", "范唱文件"
"""In 题组: what may be attached to an item group."""
LYRICS_MAX = 4000

EVERY_GROUP = "全部"
"""In 评价标准: holds for every item group that has no row of its own."""

STAGES: Mapping[str, Stage] = {stage.label: stage for stage in Stage}
ROLES: Mapping[str, Role] = {role.label: role for role in Role}
CRITERION_NAMES = {criterion.label: criterion for criterion in CRITERIA}
STATES = {"启用": "active", "停用": "disabled"}


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    note: str
    choices: tuple[str, ...] = ()
    choices_from: tuple[str, str] | None = None
    """(sheet, column) whose cells are the allowed values."""
    integers: tuple[int, int] | None = None
    is_optional: bool = False
    width: int = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    columns: tuple[Column, ...]
    example: tuple[str | int, ...]
    rows_max: int
    """How far down the data validation of the template reaches."""

    def index(self, column: str) -> int:
        return [c.name for c in self.columns].index(column)


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the 考试 sheet that sets one field of the policy."""

    name: str
    field: str
    note: str
    choices: Mapping[str, str | bool] | None = None
    integers: tuple[int, int] = (0, 0)
    text_max: int = 0
    """Above 0: words, at most so long."""

    @property
    def allowed(self) -> str:
        if self.choices:
            return "／".join(self.choices)
        if self.text_max:
            return f"最多 {self.text_max} 字"
        return "{}–{}".format(*self.integers)

    def shown(self, policy: Policy) -> str | int:
        """The policy's value as people write it."""
        value = getattr(policy, self.field)
        if self.text_max:
            return str(value)
        if self.choices is None:
            return int(value)
        return next(name for name, meaning in self.choices.items() if meaning == value)


NAME, FIRST_DAY, LAST_DAY = "考试名称", "开始日期", "结束日期"

_YES_NO: Mapping[str, str | bool] = {"是": True, "否": False}

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "容差",
        "tolerance",
        "两次评分最多相差几级仍算一致；0 表示必须相同",
        integers=(0, 3),
    ),
    Setting(
        "容差内取值",
        "combine",
        "容差大于 0 时，一致的两次评分如何取值",
        {"较高": "higher", "较低": "lower", "平均": "mean"},
    ),
    Setting(
        "三评各不相同",
        "three_distinct",
        "三次评分各不相同时：交学科组长，或取中位数",
        {"学科组长": "leader", "中位数": "median"},
    ),
    Setting(
        "回避本区县",
        "home_district",
        "阅卷教师是否回避本区县学生的作品",
        {"回避": "exclude", "不回避": "allow", "只评本区县": "only"},
    ),
    Setting(
        "1评和2评",
        "placement",
        "1评和2评放在不同区县，或同一区县（下载量减半）",
        {"不同区县": "spread", "同一区县": "together"},
    ),
    Setting("优先已有视频的节点", "prefer_cached", "3评、4评优先分给已有该视频的节点", _YES_NO),
    Setting(
        "组长可见前评", "leader_sees_marks", "4评时学科组长能否看到前几评的分值（无姓名）", _YES_NO
    ),
    Setting(
        "图像不全可评分",
        "incomplete_may_be_scored",
        "标记“答案图像不全”时能否同时给分",
        _YES_NO,
    ),
    Setting(
        "题文不符须写评语",
        "off_topic_needs_comment",
        "标记“题文不符”时是否必须用评语说明理由",
        _YES_NO,
    ),
    Setting(
        "常用评语",
        "comment_phrases",
        f"写评语时一键填入的话，用“；”分开，最多 {PHRASES_MAX} 条；例如说明为何题文不符",
        text_max=200,
    ),
    Setting(
        "首次登录",
        "first_sign_in",
        "首次登录时是否必须修改密码（初始密码为电话后四位）",
        {"修改密码": "change", "沿用初始密码": "keep"},
    ),
    Setting("显示评次", "show_round", "阅卷教师能否看到任务是1评还是2评", _YES_NO),
    Setting(
        "最低收看比例",
        "heard_percent_min",
        "收看不足这个百分比时，提交前提醒一次",
        integers=(0, 100),
    ),
    Setting(
        "试阅作品数",
        "trial_performances",
        "试阅时每个题组取多少份作品；0 表示全部",
        integers=(0, 1_000_000),
    ),
    Setting(
        "标准卷间隔",
        "reference_every",
        "每评多少份放一份标准卷（每半天的第一份也是）；0 表示不放",
        integers=(0, 1000),
    ),
    Setting(
        "复评比例",
        "repeat_percent",
        "请教师对自己评过的作品再评一次（本人不知）的百分比；0 表示不复评",
        integers=(0, 20),
    ),
    Setting(
        "复评间隔",
        "repeat_after",
        "一份作品评过之后，至少再评多少份，才请本人再评它",
        integers=(1, 1000),
    ),
    Setting(
        "标准卷反馈",
        "probe_feedback",
        "教师事后能否看到标准卷和复评的对照结果",
        _YES_NO,
    ),
    Setting(
        "标准卷反馈时间",
        "feedback_at_once",
        "对照结果何时给教师看：半天结束后，或评完即可（适合培训）",
        {"半天后": False, "评完即可": True},
    ),
)


def group_name(stage: str, item: str) -> str:
    return f"{stage}音乐-{item}"


SHEETS: tuple[Sheet, ...] = (
    Sheet(
        EXAM,
        (
            Column("项目", "不要改动这一列", width=22),
            Column("值", "日期写成 2026-11-24", is_optional=True, width=32),
            Column("说明", "给人看的，导入时不读", is_optional=True, width=60),
        ),
        ("示例：考试名称", "2026年全市义务教育质量监测（音乐）", ""),
        100,
    ),
    Sheet(
        GROUPS,
        (
            Column("学段", "小学或中学", choices=tuple(STAGES)),
            Column("题目", "如 国歌、选唱", width=20),
            Column("顺序", "阅卷时的先后，从 1 起，不重复", integers=(1, 999)),
            Column(
                LYRICS,
                f"阅卷时可以对照的歌词，可以分行，最多 {LYRICS_MAX} 字；可空",
                is_optional=True,
                width=40,
            ),
            Column(
                MODEL,
                "视频文件夹中的范唱文件，格式要求与作品相同，阅卷时可以试听；可空",
                is_optional=True,
                width=24,
            ),
        ),
        (f"{EXAMPLE_MARK}小学", "国歌", 1, "", ""),
        100,
    ),
    Sheet(
        RUBRIC,
        (
            Column(
                "题组",
                "写“全部”，或 小学音乐-国歌 这样的题组名（学段＋音乐-＋题目）；单独写的优先",
                width=20,
            ),
            Column("评价维度", "六个维度之一", choices=tuple(CRITERION_NAMES)),
            Column("分值", "3、2、1、0", choices=tuple(str(level) for level in LEVELS)),
            Column("描述", "该分值的评价标准，阅卷时显示", width=70),
        ),
        (f"{EXAMPLE_MARK}全部", "音准", 3, "音准好，全曲音高准确"),
        1000,
    ),
    Sheet(
        DISTRICTS,
        (Column("区县", "区县名称，不重复；按这里的顺序显示", width=20),),
        ("示例区",),
        300,
    ),
    Sheet(
        PEOPLE,
        (
            Column("电话", "11 位手机号，登录账号，不重复", width=18),
            Column("姓名", "", width=12),
            Column("区县", "“区县”表中的名称", choices_from=(DISTRICTS, "区县")),
            Column("角色", "四种角色之一", choices=tuple(ROLES), width=18),
            Column(
                "范围",
                "阅卷教师和学科组长必填：小学或中学；其他角色可空",
                choices=tuple(STAGES),
                is_optional=True,
            ),
            Column(
                "负荷",
                "100 为正常任务量，50 为一半；空着就是 100",
                integers=(1, 1000),
                is_optional=True,
            ),
            Column("状态", "启用或停用；空着就是启用", choices=tuple(STATES), is_optional=True),
        ),
        (f"{EXAMPLE_MARK}19900000001", "王一一", "示例区", "阅卷教师", "小学", 100, "启用"),
        20_000,
    ),
    Sheet(
        PERFORMANCES,
        (
            Column("考号", "不透露身份的学生编号，不要写姓名；请保持文本格式", width=22),
            Column("学校", "只在市级中心保存，不会发给区县", width=26),
            Column("区县", "“区县”表中的名称", choices_from=(DISTRICTS, "区县")),
            Column("学段", "小学或中学", choices=tuple(STAGES)),
            Column("题目", "“题组”表中的题目", choices_from=(GROUPS, "题目")),
            Column("文件名", "视频文件夹中的文件名，可带子文件夹：一区/0001.mp4", width=34),
        ),
        (f"{EXAMPLE_MARK}0001", "示例小学", "示例区", "小学", "国歌", "示例区/0001.mp4"),
        200_000,
    ),
)

SHEET_BY_NAME: Mapping[str, Sheet] = {sheet.name: sheet for sheet in SHEETS}

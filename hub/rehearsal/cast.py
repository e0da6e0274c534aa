"""The invented exam of a rehearsal: districts, people and works, from a seed and three numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from random import Random

from shared.kit.refusal import Refusal
from shared.rules.rubric import CRITERIA, Criterion, MarkException, Role, Stage

DISTRICT_NAMES = (
    *("江北区", "渝北区", "渝中区", "南岸区", "沙坪坝区", "九龙坡区", "大渡口区", "北碚区"),
    *("巴南区", "万州区", "涪陵区", "黔江区", "长寿区", "江津区", "合川区", "永川区"),
    *("南川区", "綦江区", "大足区", "璧山区", "铜梁区", "潼南区", "荣昌区", "开州区"),
    *("梁平区", "武隆区", "城口县", "丰都县", "垫江县", "忠县", "云阳县", "奉节县"),
    *("巫山县", "巫溪县", "石柱县", "秀山县", "酉阳县", "彭水县", "高新区", "两江新区"),
)
ITEMS = ("国歌", "选唱")
EXCEPTIONS_PER_WORK = 0.01
SURNAMES = "王陈李赵孙周吴郑冯褚卫蒋沈韩杨朱秦尤许何"
NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class CastPerson:
    phone: str
    name: str
    district: str
    role: Role
    stage: Stage | None

    @property
    def password(self) -> str:
        """The initial one, which the rehearsal's policy keeps."""
        return self.phone[-4:]


@dataclass(frozen=True, slots=True)
class CastWork:
    student: str
    school: str
    district: str
    stage: Stage
    item: str
    file_name: str
    seed: int
    levels: dict[Criterion, int]
    """What the singing deserves; it is sung accordingly."""
    exception: MarkException | None


@dataclass(frozen=True, slots=True)
class Cast:
    districts: tuple[str, ...]
    labs: tuple[str, ...]
    """Districts that have a node and people."""
    people: tuple[CastPerson, ...]
    works: tuple[CastWork, ...]
    references: tuple[CastWork, ...]
    """Of every item group some, whose levels the experts know."""
    settings: dict[str, str | int]
    """Rows of the 考试 sheet that differ from the defaults."""

    @property
    def models(self) -> tuple[CastWork, ...]:
        """The model singing of every item group, as good as can be."""
        groups = sorted(dict.fromkeys((work.stage, work.item) for work in self.works))
        return tuple(
            CastWork(
                student="",
                school="",
                district="",
                stage=stage,
                item=item,
                file_name=f"范唱/{stage.label}{item}.mp4",
                seed=place,
                levels=dict.fromkeys(CRITERIA, 3),
                exception=None,
            )
            for place, (stage, item) in enumerate(groups)
        )

    def people_of(self, role: Role) -> tuple[CastPerson, ...]:
        return tuple(p for p in self.people if p.role is role)


FEW_DISTRICTS = 3
WORKS_PER_REFERENCE, REFERENCES_PER_GROUP = 3, 4
PROBING: dict[str, str | int] = {
    **{"标准卷间隔": 3, "复评比例": 20, "复评间隔": 4},
    "标准卷反馈时间": "评完即可",
}
"""Often and at once: a rehearsal has few works for each marker, and one day."""


def make_cast(
    *, labs: int, markers: int, works: int, seed: int, districts_besides: int = 0
) -> Cast:
    """An exam that the rules can allocate; Refusal when there are too few markers for it."""
    needed = _markers_needed(labs + districts_besides, labs)
    if labs < 1 or works < 1 or markers < needed:
        raise Refusal(
            "too_small", f"{labs} 个区县的演练至少需要 {needed} 名阅卷教师和 1 份作品。", 400
        )
    names = [_district(n) for n in range(labs + districts_besides)]
    # With two labs, only students from elsewhere can be marked in two districts, neither their own.
    origins = names[labs:] if labs == 2 and districts_besides else names
    stages = tuple(Stage) if markers >= 2 * needed else (Stage.MIDDLE,)
    if len(names) == labs <= FEW_DISTRICTS:
        # So few mark most of each other's works: only as many people in each share it evenly.
        markers -= markers % (labs * len(stages))
    sung = tuple(_works(origins, works, stages, Random(seed)))
    return Cast(
        districts=tuple(names),
        labs=tuple(names[:labs]),
        people=tuple(_people(names[:labs], markers, stages)),
        works=sung,
        references=tuple(_references(sung)),
        settings=_settings(len(names), labs),
    )


def _markers_needed(districts: int, labs: int) -> int:
    """Three different markers outside the student's own district, for every work."""
    if labs == 1:
        return 3
    return 6 if districts == 2 else max(4, 2 * labs)


def _settings(districts: int, labs: int) -> dict[str, str | int]:
    settings: dict[str, str | int] = {"首次登录": "沿用初始密码", **PROBING}
    if labs == 1:
        return settings | {"回避本区县": "不回避", "1评和2评": "同一区县"}
    if districts == 2:
        # Only one other district is left for each work.
        return settings | {"1评和2评": "同一区县"}
    return settings


def _district(number: int) -> str:
    if number < len(DISTRICT_NAMES):
        return DISTRICT_NAMES[number]
    return f"演练{number + 1}区"


def _people(labs: list[str], markers: int, stages: tuple[Stage, ...]) -> Iterator[CastPerson]:
    serial = iter(range(1, 10_000_000))

    def person(district: str, role: Role, stage: Stage | None) -> CastPerson:
        number = next(serial)
        return CastPerson(f"199{number:08d}", _name(number), district, role, stage)

    places = cycle([(stage, lab) for stage in stages for lab in labs])
    for stage, lab in islice(places, markers):
        yield person(lab, Role.MARKER, stage)
    for lab in labs:
        for stage in stages:
            yield person(lab, Role.LEADER, stage)
        yield person(lab, Role.LEAD, None)
        yield person(lab, Role.TECHNICIAN, None)


def _name(number: int) -> str:
    """A name that reads as invented, e.g. 王一一."""
    first, rest = divmod(number - 1, len(NUMERALS))
    return SURNAMES[(number - 1) % len(SURNAMES)] + NUMERALS[first % len(NUMERALS)] + NUMERALS[rest]


def _works(
    districts: list[str], works: int, stages: tuple[Stage, ...], rng: Random
) -> Iterator[CastWork]:
    """Students in turn from all districts, each with one work per item of the stage."""
    places = cycle([(d, s) for d in districts for s in stages])
    number = 0
    for student in range(1, works + 1):
        district, stage = next(places)
        for item in ITEMS:
            if number == works:
                return
            number += 1
            yield _work(number, f"{20230000 + student}", district, stage, item, rng)


def _references(works: Sequence[CastWork]) -> Iterator[CastWork]:
    groups: dict[tuple[Stage, str], list[CastWork]] = {}
    for work in works:
        if work.exception is None:
            groups.setdefault((work.stage, work.item), []).append(work)
    for group in groups.values():
        yield from group[::WORKS_PER_REFERENCE][:REFERENCES_PER_GROUP]


def _work(
    number: int, student: str, district: str, stage: Stage, item: str, rng: Random
) -> CastWork:
    ability = rng.gauss(1.9, 0.8)
    levels = {c: min(3, max(0, round(rng.gauss(ability, 0.6)))) for c in CRITERIA}
    is_exception = rng.random() < EXCEPTIONS_PER_WORK
    return CastWork(
        student=student,
        school=f"{district}第{rng.randint(1, 5)}{stage.label}",
        district=district,
        stage=stage,
        item=item,
        file_name=f"{district}/{student}-{item}.mp4",
        seed=number,
        levels=levels,
        exception=rng.choice(tuple(MarkException)) if is_exception else None,
    )

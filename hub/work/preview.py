"""Preview: what an allocation will mean, by item group and by district, before anyone confirms."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

from sqlite_utils import Database

from hub.store import exam, performances
from hub.store.sittings import Sitting
from hub.work.decks import Deck
from hub.work.unmet import what_is_unmet
from shared.rules.policy import Policy, policy_hash

PERFORMANCES_MAX = 1_000_000
"""More than a city has."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How many tasks the markers of an item group get in one round."""

    min: int
    median: Fraction
    max: int


@dataclass(frozen=True, slots=True)
class GroupPreview:
    group_id: int
    label: str
    works: int
    without_video: int
    """Cannot be allocated."""
    markers: int
    loads: dict[int, Spread]
    """By round."""


@dataclass(frozen=True, slots=True)
class DistrictPreview:
    district_id: int
    name: str
    markers: int
    tasks: int
    videos: int
    """Different ones, which its nodes have to download."""
    bytes: int


@dataclass(frozen=True, slots=True)
class Preview:
    sitting_id: int
    seed_hash: str
    policy_hash: str
    """Of the rules that hold from then on."""
    groups: list[GroupPreview]
    districts: list[DistrictPreview]
    exclusions: list[str]
    """Who may not mark what, in Chinese."""
    unmet: list[str]
    """What keeps it from being allocated, in Chinese; empty when it can be."""

    @property
    def works(self) -> int:
        return sum(group.works for group in self.groups)


def preview_of(db: Database, sitting: Sitting, dealt: Sequence[Deck], policy: Policy) -> Preview:
    without = Counter(p.item_group_id for p in performances.without_video(db, PERFORMANCES_MAX))
    names = {district.id: district.name for district in exam.districts(db)}
    unmet = [
        f"{deck.group.label}：{line}"
        for deck in dealt
        for line in what_is_unmet(deck, policy, names)
    ]
    if not any(deck.works for deck in dealt):
        unmet.append("没有可以分配的作品，请先导入考试数据和视频")
    return Preview(
        sitting_id=sitting.id,
        seed_hash=sitting.seed_hash,
        policy_hash=policy_hash(policy),
        groups=[_group(deck, without[deck.group.id]) for deck in dealt],
        districts=of_districts(db, dealt),
        exclusions=_exclusions(sitting, policy),
        unmet=unmet,
    )


def _group(deck: Deck, without_video: int) -> GroupPreview:
    return GroupPreview(
        group_id=deck.group.id,
        label=deck.group.label,
        works=len(deck.works),
        without_video=without_video,
        markers=len(deck.hands),
        loads={number: _spread(deck, number) for number in (1, 2)} if deck.dealt else {},
    )


def _spread(deck: Deck, number: int) -> Spread:
    counts = Counter(dealt.hand for dealt in deck.dealt if dealt.round == number)
    return spread_of([counts[hand.id] for hand in deck.hands])


def spread_of(loads: Sequence[int]) -> Spread:
    return Spread(min(loads), Fraction(median(loads)), max(loads))


def of_districts(db: Database, dealt: Sequence[Deck]) -> list[DistrictPreview]:
    sizes = performances.bytes_of_videos(db)
    district_of = {hand.id: hand.district for deck in dealt for hand in deck.hands}
    markers = Counter(district_of.values())
    tasks = Counter[int]()
    videos: dict[int, dict[int, int]] = {}
    for deck in dealt:
        for task in deck.dealt:
            district, size = district_of[task.hand], sizes[task.work]
            tasks[district] += 1
            videos.setdefault(district, {})[size.video_id] = size.bytes
    return [
        DistrictPreview(
            district_id=district.id,
            name=district.name,
            markers=markers[district.id],
            tasks=tasks[district.id],
            videos=len(videos.get(district.id, {})),
            bytes=sum(videos.get(district.id, {}).values()),
        )
        for district in exam.districts(db)
    ]


def _exclusions(sitting: Sitting, policy: Policy) -> list[str]:
    home = {
        "exclude": "教师不评本区县学生的作品",
        "allow": "教师可以评本区县学生的作品",
        "only": "教师只评本区县学生的作品",
    }
    placement = {
        "spread": "同一份作品的1评和2评在不同区县",
        "together": "同一份作品的1评和2评在同一区县",
    }
    said = [
        "同一份作品的各评次由不同教师评阅",
        home[policy.home_district],
        placement[policy.placement],
    ]
    if sitting.kind == "trial" and policy.trial_performances:
        said.append(f"试阅每个题组随机抽取 {policy.trial_performances} 份作品")
    return said

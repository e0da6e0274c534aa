"""What will go wrong and when: drawn from the seed before the world begins."""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

FAULTS_S = 240.0
"""Of virtual time: the phase in which things go wrong."""
QUICK = 0.25
"""A quick world has a phase so much shorter, and people who mark as much faster."""
OPEN_BY_S = 4.0
"""By then the first sitting is open: a hub put back to before it would know of no sitting."""
HUB = 0
"""As `who`; nodes are 1, 2, …"""


@dataclass(frozen=True, slots=True)
class Step:
    at: float
    """Virtual seconds since the beginning."""
    kind: str
    who: int = HUB
    lasts: float = 0.0
    value: str = ""

    def __str__(self) -> str:
        whom = "hub" if self.who == HUB else f"node {self.who}"
        lasts = f" for {self.lasts:.0f} s" if self.lasts else ""
        return f"{self.at:6.1f} s  {whom}: {self.kind} {self.value}{lasts}".rstrip()


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    nodes: int
    works: int
    """Of each district in each item group."""
    has_trial: bool
    steps: tuple[Step, ...] = field(default=())
    pace: float = 1.0
    """Of the phase of faults: its length as a share of FAULTS_S."""

    @property
    def faults_s(self) -> float:
        return FAULTS_S * self.pace


def plan_of(seed: int, kinds: Collection[str] = ()) -> Plan:
    """`kinds`: only these; else all."""
    chance = random.Random(f"plan {seed}")
    among = sorted(kinds or KINDS)
    weights = [WEIGHTS.get(kind, 2) for kind in among]
    nodes = chance.choice((2, 2, 3, 3, 3, 3, 4, 5))
    has_trial = chance.random() < 0.3
    steps: list[Step] = []
    for _ in range(chance.randint(3, 10)):
        steps += KINDS[chance.choices(among, weights)[0]](chance, nodes)
    works = {2: 5, 3: 3, 4: 2, 5: 2}[nodes]
    return Plan(seed, nodes, works, has_trial, tuple(sorted(steps, key=lambda s: s.at)))


def quick_plan_of(seed: int, kinds: Collection[str] = ()) -> Plan:
    """The same faults in a world that is a few times smaller: for many worlds in a short time."""
    plan = plan_of(seed, kinds)
    steps = tuple(
        replace(s, at=max(round(s.at * QUICK, 2), OPEN_BY_S), lasts=round(s.lasts * QUICK, 2))
        for s in plan.steps
    )
    return replace(plan, works=2 if plan.nodes == 2 else 1, steps=steps, pace=QUICK)


def a_time(chance: random.Random) -> float:
    return round(chance.uniform(5, FAULTS_S - 30), 1)


def _link(kind: str, longest: float) -> Callable[[random.Random, int], list[Step]]:
    def make(chance: random.Random, nodes: int) -> list[Step]:
        at, lasts = a_time(chance), round(chance.uniform(10, longest))
        who = chance.randint(1, nodes)
        return [Step(at, kind, who, lasts, f"{chance.choice((0.1, 0.3, 0.6, 0.9))}")]

    return make


def _at_node(kind: str, *values: str) -> Callable[[random.Random, int], list[Step]]:
    def make(chance: random.Random, nodes: int) -> list[Step]:
        lasts = round(chance.uniform(1, 90))
        return [Step(a_time(chance), kind, chance.randint(1, nodes), lasts, chance.choice(values))]

    return make


def _at_hub(kind: str, *values: str) -> Callable[[random.Random, int], list[Step]]:
    def make(chance: random.Random, nodes: int) -> list[Step]:
        lasts = round(chance.uniform(1, 60))
        return [Step(a_time(chance), kind, HUB, lasts, chance.choice(values))]

    return make


def _swizzle(chance: random.Random, nodes: int) -> list[Step]:
    """Links stop one by one, and come back in another order."""
    some = chance.sample(range(1, nodes + 1), chance.randint(1, nodes))
    begin, end = a_time(chance), a_time(chance)
    begin, end = min(begin, end), max(begin, end) + 20
    return [
        Step(at := round(begin + chance.uniform(0, 20), 1), "cut", who, round(end - at, 1), "both")
        for who in some
    ]


def _back_in_time(kind: str, who: Callable[[random.Random, int], int]) -> Callable[..., list[Step]]:
    """A copy is kept, and later takes the place of what has become of it."""

    def make(chance: random.Random, nodes: int) -> list[Step]:
        first, second = sorted((a_time(chance), a_time(chance)))
        whom = who(chance, nodes)
        return [Step(first, f"{kind}_copy", whom), Step(second + 5, kind, whom, 5.0)]

    return make


def _freeze(chance: random.Random, nodes: int) -> list[Step]:
    """Nothing moves there, as with a PC that sleeps; its tasks go to others meanwhile."""
    at, lasts, who = a_time(chance), round(chance.uniform(20, 200)), chance.randint(1, nodes)
    taken = Step(round(at + lasts / 2, 1), "take_back", who, 0.0, chance.choice("123"))
    return [Step(at, "freeze", who, lasts), taken]


def _a_node(chance: random.Random, nodes: int) -> int:
    return chance.randint(1, nodes)


_WHERE = ("statement 1", "statement 3", "statement 5", "statement 8", "statement 13", "idle")
_COMMIT = ("commit before", "commit after")

KINDS: dict[str, Callable[[random.Random, int], list[Step]]] = {
    "loss": _link("loss", 200),
    "late": _link("late", 120),
    "twice": _link("twice", 200),
    "held": _link("held", 120),
    "garbled": _link("garbled", 100),
    "portal": _link("portal", 90),
    "slow": _link("slow", 120),
    "cut": lambda chance, nodes: [
        Step(
            a_time(chance),
            "cut",
            chance.randint(1, nodes),
            round(chance.uniform(20, 240)),
            chance.choice(("push", "pull", "both")),
        )
    ],
    "swizzle": _swizzle,
    "frozen": _freeze,
    "kill_node": _at_node("kill", *_WHERE, *_COMMIT, *_COMMIT),
    "kill_hub": _at_hub("kill", *_WHERE, *_COMMIT, *_COMMIT),
    "power_node": _at_node("power", *_WHERE, *_COMMIT, "commit torn"),
    "power_hub": _at_hub("power", *_WHERE, *_COMMIT, "commit torn"),
    "full_node": _at_node("full", ""),
    "full_hub": _at_hub("full", ""),
    "clock_node": _at_node("clock", "+8h", "-8h", "1970", "2038", "-2h", "+20m"),
    "clock_hub": _at_hub("clock", "+1h", "-1h"),
    "take_back": _at_node("take_back", "1", "2", "3"),
    "disable": _at_node("disable", "1", "2"),
    "close": lambda chance, nodes: [Step(round(FAULTS_S - chance.uniform(0, 90), 1), "close")],
    "hub_restored": _back_in_time("restore", lambda chance, nodes: HUB),
    "hub_copied_back": _back_in_time("copy_back", lambda chance, nodes: HUB),
    "hub_without_wal": _at_hub("without_wal", ""),
    "node_turned_back": _back_in_time("turn_back", _a_node),
    "cloned": lambda chance, nodes: [Step(a_time(chance), "clone", chance.randint(1, nodes))],
    "damaged": lambda chance, nodes: [
        Step(
            a_time(chance),
            "damage",
            chance.randint(1, nodes),
            5.0,
            chance.choice(("page", "header", "wal_cut", "wal_of_before", "empty")),
        )
    ],
    "disk_lost": lambda chance, nodes: [
        Step(a_time(chance), "lose_disk", chance.randint(1, nodes), 20.0)
    ],
}

WEIGHTS = {
    "disable": 1,
    "close": 1,
    "hub_restored": 1,
    "hub_copied_back": 1,
    "hub_without_wal": 1,
    "cloned": 1,
    "disk_lost": 1,
}

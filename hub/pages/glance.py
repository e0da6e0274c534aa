"""The city at a glance: everything the overview shows, gathered from the stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlite_utils import Database

from hub.pages import charts, todo
from hub.pages.costly import Costly, costly_of
from hub.pages.node_states import BACKLOG_EVENTS, NodeState, SeenNode, look_at
from hub.pages.phases import NextAction, Phase, Standing, next_action, phases
from hub.pages.preparation import Step, steps
from hub.store import approvals, counts, exam, nodes, requests, sittings, slots
from hub.store.counts import ByRound, Disagreement, Progress
from hub.work import milestones
from hub.work.quality_kept import watched_count
from hub.work.second_person import LASTS
from shared.kit.store import Store
from shared.rules.rubric import CRITERIA, MarkException

BEHIND = 0.10
BARS_LINE = 0.20
"""The line of attention of the disagreement bars."""
NODES_SHOWN = 7


@dataclass(frozen=True, slots=True)
class Tile:
    district_id: int
    name: str
    progress: Progress
    """Of rounds 1 and 2."""
    is_offline: bool
    is_behind: bool

    @property
    def filled(self) -> float:
        return self.progress.done / self.progress.total if self.progress.total else 0.0


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    share: float
    count: int
    is_high: bool


@dataclass(frozen=True, slots=True)
class NodeLine:
    seen: SeenNode
    beats: Sequence[charts.Beat]


@dataclass(frozen=True, slots=True)
class Glance:
    moment: datetime
    sitting: sittings.Sitting | None
    phases: Sequence[Phase]
    action: NextAction
    rounds: ByRound
    tiles: Sequence[Tile]
    todos: Sequence[todo.Todo]
    preparation: Sequence[Step]
    """Until the first sitting opens."""
    costly: Costly
    bars: Sequence[Bar]
    lines: Sequence[NodeLine]
    nodes: Sequence[SeenNode]
    people: int
    people_online: int

    @property
    def enrolled(self) -> list[SeenNode]:
        return [s for s in self.nodes if s.state not in (NodeState.RETIRED, NodeState.NEVER)]

    @property
    def online(self) -> int:
        return sum(s.state is not NodeState.OFFLINE for s in self.enrolled)

    @property
    def leading(self) -> tuple[int, int]:
        """The two rounds whose figures matter now."""
        double = self.round(1) + self.round(2)
        return (3, 4) if double.total and not double.left else (1, 2)

    @property
    def marked(self) -> int:
        return sum(self.costly.exceptions.values())

    @property
    def marked_text(self) -> str:
        return "，".join(f"{_SHORT[e]} {n:,}" for e, n in self.costly.exceptions.items())

    def round(self, number: int) -> Progress:
        return self.rounds.get(number, Progress())


_SHORT = {
    MarkException.NO_PICTURE: "无图像",
    MarkException.INCOMPLETE: "不全",
    MarkException.OFF_TOPIC: "不符",
}


def look(store: Store, moment: datetime) -> Glance:
    with store.reading() as db:
        sitting = sittings.current(db)
        sitting_id = sitting.id if sitting else 0
        costly = costly_of(store, db, sitting_id, moment)
        seen = look_at(nodes.all_nodes(db), {n.id for n in nodes.silent(db, moment)}, moment)
        by_district = counts.by_district(db, sitting_id)
        tiles = _tiles(exam.districts(db), by_district, seen)
        standing = _standing(db, sitting, moment)
        return Glance(
            moment=moment,
            sitting=sitting,
            phases=phases(standing),
            action=next_action(standing),
            rounds=counts.sum_rounds(by_district.values()),
            tiles=tiles,
            todos=todo.todos(
                replace(
                    _found(db, sitting_id, seen, tiles, costly),
                    approvals=_waiting_approvals(db, moment),
                    requests=requests.count_open(db),
                    watched=watched_count(store, sitting_id),
                    undealt=standing.facts.undealt if standing.facts else 0,
                    overloaded=_overloaded(costly),
                )
            ),
            preparation=steps(db, moment),
            costly=costly,
            bars=_bars(costly.disagreement),
            lines=_lines(db, seen, moment),
            nodes=seen,
            people=sum(counts.count_markers(db).values()),
            people_online=_people_online(seen),
        )


def _standing(db: Database, sitting: sittings.Sitting | None, moment: datetime) -> Standing:
    every = sittings.all_sittings(db)
    formal = next((s for s in reversed(every) if s.kind == "formal"), None)
    is_running = formal is not None and formal.state in ("open", "closed")
    return Standing(
        has_exam=exam.exam(db) is not None,
        trial=next((s for s in reversed(every) if s.kind == "trial"), None),
        formal=formal,
        facts=milestones.facts(db, formal.id, moment) if formal and is_running else None,
        rounds=counts.sum_rounds(counts.by_district(db, formal.id).values()) if formal else {},
    )


def _tiles(
    districts: Sequence[exam.District],
    by_district: Mapping[int, ByRound],
    seen: Sequence[SeenNode],
) -> list[Tile]:
    """Districts that mark or have a node, the least complete first."""
    city = _double(counts.sum_rounds(by_district.values()))
    mean = city.done / city.total if city.total else 0.0
    with_node = {s.node.district_id for s in seen if s.state is not NodeState.RETIRED}
    tiles = []
    for district in districts:
        progress = _double(by_district.get(district.id, {}))
        if not progress.total and district.id not in with_node:
            continue
        own = progress.done / progress.total if progress.total else 1.0
        is_behind = bool(progress.total) and own < mean - BEHIND
        is_offline = _is_offline(district.id, seen)
        tiles.append(Tile(district.id, district.name, progress, is_offline, is_behind))
    return sorted(tiles, key=lambda t: (not t.is_offline, t.filled))


def _double(rounds: ByRound) -> Progress:
    return rounds.get(1, Progress()) + rounds.get(2, Progress())


def _is_offline(district_id: int, seen: Sequence[SeenNode]) -> bool:
    """Every node that ever worked there is silent."""
    own = [s.state for s in seen if s.node.district_id == district_id]
    own = [state for state in own if state not in (NodeState.RETIRED, NodeState.NEVER)]
    return bool(own) and all(state is NodeState.OFFLINE for state in own)


def _found(
    db: Database,
    sitting_id: int,
    seen: Sequence[SeenNode],
    tiles: Sequence[Tile],
    costly: Costly,
) -> todo.Found:
    return todo.Found(
        seen=seen,
        waiting=sum(slots.waiting_by_round(db, sitting_id).values()),
        quarantined=costly.quarantined,
        faults=costly.faults,
        without_video=costly.without_video,
        exceptions=costly.by_state.get("exception", 0),
        behind=[tile.name for tile in tiles if tile.is_behind],
    )


def _overloaded(costly: Costly) -> list[str]:
    return [d.name for d in costly.ahead.districts if d.is_overloaded] if costly.ahead else []


def _waiting_approvals(db: Database, moment: datetime) -> int:
    return sum(a.approved_by is None for a in approvals.alive(db, moment - LASTS))


def _bars(found: Disagreement) -> list[Bar]:
    bars = []
    for criterion in CRITERIA:
        count = found.by_criterion[criterion]
        part = count / found.compared if found.compared else 0.0
        bars.append(Bar(criterion.label, part, count, part > BARS_LINE))
    return bars


def _lines(db: Database, seen: Sequence[SeenNode], moment: datetime) -> list[NodeLine]:
    last = charts.last_whole_minute(moment)
    heard = counts.heartbeats(db, last - 59)
    shown = [s for s in seen if s.state not in (NodeState.RETIRED, NodeState.NEVER)][:NODES_SHOWN]
    return [
        NodeLine(s, charts.beats(heard.get(s.node.id, {}), last, BACKLOG_EVENTS)) for s in shown
    ]


def _people_online(seen: Sequence[SeenNode]) -> int:
    return sum(
        s.node.status.people_online
        for s in seen
        if s.node.status and s.state not in (NodeState.OFFLINE, NodeState.RETIRED)
    )

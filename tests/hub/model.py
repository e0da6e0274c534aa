"""A hub in a hundred lines, written from domain.md alone: it imports nothing of the product.

It says what becomes of each mark, which slots are open, and who may be given one; it leaves to
the product only which of the least loaded it takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

CRITERIA = range(6)
ALL = frozenset(CRITERIA)


@dataclass
class Paper:
    """A mark: levels by criterion, or an exception (an incomplete one may carry levels)."""

    id: str
    task: int
    account: int
    levels: dict[int, int]
    exception: str = ""
    standing: str = "counted"

    @property
    def is_exception(self) -> bool:
        return bool(self.exception) and not (self.exception == "incomplete" and self.levels)


@dataclass
class Place:
    """A slot."""

    criteria: frozenset[int]
    state: str = "waiting"
    task: int | None = None


@dataclass
class Job:
    """A task."""

    account: int
    work: int
    round: int
    state: str = "open"


@dataclass
class Person:
    district: int
    is_leader: bool
    load: int = 0


@dataclass
class Ending:
    """What is known of a work: final levels by criterion, or a confirmed exception."""

    levels: dict[int, int] = field(default_factory=dict)
    exception: str = ""
    wants: tuple[int, frozenset[int]] | None = None
    """The round that has to mark further, and what."""


def ending(given: Mapping[int, Paper], tolerance: int, takes_median: bool) -> Ending | None:
    """None until both first marks are there."""
    if 1 not in given or 2 not in given:
        return None
    early = {r: given[r] for r in (1, 2, 3) if r in given}
    found = _early_ending(early, tolerance, takes_median)
    if found.wants is None or 4 not in given:
        return found
    leader = given[4]
    if leader.is_exception:
        return Ending(exception=leader.exception)
    _, wanted = found.wants
    levels = found.levels | {c: leader.levels[c] for c in wanted if c in leader.levels}
    still = ALL - levels.keys()
    return Ending(levels, wants=(4, still) if still else None)


def _early_ending(early: Mapping[int, Paper], tolerance: int, takes_median: bool) -> Ending:
    said = [paper.exception for paper in early.values() if paper.is_exception]
    has_third = 3 in early
    if not has_third and said:
        return Ending(wants=(4 if len(said) == 2 and said[0] == said[1] else 3, ALL))
    for exception in said:
        if said.count(exception) > 1:
            return Ending(exception=exception)
    if len(early) - len(said) < 2:
        return Ending(wants=(4, ALL))
    levels = {}
    for criterion in CRITERIA:
        column = {
            r: paper.levels[criterion]
            for r, paper in early.items()
            if not paper.is_exception and criterion in paper.levels
        }
        level = _column_level(column, tolerance, takes_median)
        if level is not None:
            levels[criterion] = level
    still = ALL - levels.keys()
    return Ending(levels, wants=(4 if has_third else 3, still) if still else None)


def _column_level(column: Mapping[int, int], tolerance: int, takes_median: bool) -> int | None:
    """Of two that agree the higher counts."""
    one, two, three = (column.get(r) for r in (1, 2, 3))
    if one is not None and two is not None and abs(one - two) <= tolerance:
        return max(one, two)
    if three is None:
        return None
    apart = sorted(abs(x - three) for x in (one, two) if x is not None)
    if apart[0] > tolerance:
        if takes_median and not tolerance and len(column) == 3:
            low, middle, high = sorted(column.values())
            return middle if high - low == 2 else None
        return None
    if len(apart) == 2 and apart[0] == apart[1]:
        return three
    closest = next(x for x in (one, two) if x is not None and abs(x - three) == apart[0])
    return max(closest, three)


class Model:
    def __init__(
        self, people: dict[int, Person], homes: dict[int, int], tolerance: int, median: bool
    ) -> None:
        self.people = people
        self.homes = homes
        self.tolerance, self.median = tolerance, median
        self.jobs: dict[int, Job] = {}
        self.places: dict[tuple[int, int], Place] = {}
        self.papers: list[Paper] = []
        self.near: dict[int, set[int]] = {work: set() for work in homes}
        self._opened: list[tuple[int, int]] = []

    def deal(self, task: int, account: int, work: int, round: int) -> None:
        self.jobs[task] = Job(account, work, round)
        self.places[work, round] = Place(ALL, "assigned", task)
        self.people[account].load += 1

    def counted(self, work: int) -> dict[int, Paper]:
        return {
            self.jobs[p.task].round: p
            for p in self.papers
            if p.standing == "counted" and self.jobs[p.task].work == work
        }

    def arrive(self, paper: Paper, revises: str = "") -> str:
        """What the hub answers: applied, surplus or refused."""
        self.papers.append(paper)
        job = self.jobs[paper.task]
        if revises:
            return self._revise(paper, job, revises)
        place = self.places[job.work, job.round]
        covers = paper.is_exception or not paper.levels or place.criteria <= paper.levels.keys()
        is_widened_third = job.round == 3 and job.state == "open"
        if place.state in ("filled", "closed") or not (covers or is_widened_third):
            paper.standing = "surplus"
            return "surplus"
        if place.task not in (None, paper.task):
            self._withdraw(place.task)
        if job.state == "withdrawn":
            self.people[job.account].load += 1
        job.state = "done"
        place.state, place.task = "filled", paper.task
        self._settle(job.work)
        return "applied"

    def _revise(self, paper: Paper, job: Job, revises: str) -> str:
        old = next(p for p in self.papers if p.id == revises)
        later = [r for r in self.counted(job.work) if r > max(job.round, 2)]
        if old.standing != "counted" or later:
            paper.standing = "refused"
            return "refused"
        old.standing = "replaced"
        self._settle(job.work)
        return "applied"

    def reclaim(self, task: int) -> None:
        job = self.jobs[task]
        if job.state == "open":
            self._withdraw(task)
            place = self.places[job.work, job.round]
            place.state, place.task = "waiting", None
            self._opened.append((job.work, job.round))

    def _withdraw(self, task: int | None) -> None:
        if task is not None and self.jobs[task].state == "open":
            self.jobs[task].state = "withdrawn"
            self.people[self.jobs[task].account].load -= 1

    def _settle(self, work: int) -> None:
        found = ending(self.counted(work), self.tolerance, self.median)
        if found is None:
            return
        for round in (3, 4):
            wanted = found.wants[1] if found.wants and found.wants[0] == round else None
            place = self.places.get((work, round))
            if place is None or place.state == "closed":
                if wanted:
                    self.places[work, round] = Place(wanted)
                    self._opened.append((work, round))
            elif place.state != "filled":
                if wanted:
                    place.criteria = wanted
                else:
                    self._withdraw(place.task)
                    place.state, place.task = "closed", None

    def opened(self) -> list[tuple[int, int]]:
        """The slots that wait since the last call; each is handed out at once, if it can be."""
        opened, self._opened = self._opened, []
        return opened

    def waiting(self) -> list[tuple[int, int]]:
        return sorted(key for key, place in self.places.items() if place.state == "waiting")

    def may_be_given(self, work: int, round: int, not_to: int | None = None) -> set[int]:
        """The least loaded of those who may take a waiting slot; first those near the video."""
        barred = {j.account for j in self.jobs.values() if j.work == work and j.round != round}
        barred |= {p.account for p in self.papers if self.jobs[p.task].work == work}
        other = self.places.get((work, 3 - round))
        apart = (
            {self.people[self.jobs[other.task].account].district}
            if (other is not None and other.task is not None)
            else set()
        )
        allowed = {
            id
            for id, person in self.people.items()
            if person.is_leader == (round == 4)
            and person.district != self.homes[work]
            and person.district not in apart
            and id not in barred
            and id != not_to
        }
        allowed = {i for i in allowed if self.people[i].district in self.near[work]} or allowed
        least = min((self.people[id].load for id in allowed), default=0)
        return {id for id in allowed if self.people[id].load == least}

    def give(self, task: int, account: int, work: int, round: int) -> None:
        self.jobs[task] = Job(account, work, round)
        place = self.places[work, round]
        place.state, place.task = "assigned", task
        self.people[account].load += 1

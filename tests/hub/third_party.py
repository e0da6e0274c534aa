"""Checks a published record with nothing of the product: python third_party.py RECORD.json

Written from hub/work/record.md; Python's standard library is all it needs.
"""

import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from heapq import heapify, heappop, heappush
from itertools import zip_longest
from pathlib import Path
from typing import Any

Record = Mapping[str, Any]
Row = Sequence[Any]
CIRCLE = 2**63


def check(record: Record) -> list[str]:
    """What does not agree; empty when everything does."""
    return [
        *_commitments(record),
        *_audit(record),
        *_outcomes(record),
        *_marks(record),
        *_first_rounds(record),
        *_supplements(record),
        *_later_hand_outs(record),
    ]


def _commitments(record: Record) -> Iterator[str]:
    sitting = record["sitting"]
    if _hash(sitting["seed"]) != sitting["seed_hash"]:
        yield "the seed is not the one whose hash was shown"
    policy = json.dumps(record["policy"], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if _hash(policy) != record["policy_hash"]:
        yield "the policy is not the one whose hash was shown"
    for name, count in record["counts"].items():
        if len(record[name]) != count:
            yield f"{name}: rows are missing"


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


# --- the audit log ----------------------------------------------------------------------------


def _audit(record: Record) -> Iterator[str]:
    head, last = "0" * 64, 0
    for id, at, action, who, what, link, salt, detail in record["audit"]:
        if id <= last:
            yield f"audit {id}: out of order"
        # Of before there were salted hashes: such an entry can be checked on the hub only.
        is_bare = who is None and what is None
        if not is_bare and _hash_of([head, at, action, who, what]) != link:
            yield f"audit {id}: does not follow on the entry before"
        if detail is not None and _hash_of([salt, detail]) != what:
            yield f"audit {id}: says something else than was chained"
        head, last = link, id
    if head != record["audit_head"]:
        yield "the audit log does not end where it is said to"
    yield from _said(record)


def _said(record: Record) -> Iterator[str]:
    """What the log says of this sitting is what is published, and in the right order."""
    said: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for id, _, action, *_, detail in record["audit"]:
        content = json.loads(detail) if detail is not None else {}
        if content.get("sitting") == record["sitting"]["id"]:
            said[action].append((id, content))
    sealed, dealt, closed = (
        said[action] for action in ("prepare_sitting", "allocation_record", "close_sitting")
    )
    if not len(sealed) == len(dealt) == len(closed) == 1:
        yield "the audit log does not say once how the sitting was sealed, allocated and closed"
        return
    if not sealed[0][0] < dealt[0][0] < closed[0][0]:
        yield "the seed was not sealed before the allocation, and disclosed after it"
    more = [content for _, content in said["supplement_record"]]
    yield from _agrees(record, sealed[0][1], dealt[0][1], closed[0][1], more)


def _agrees(record: Record, sealed: Any, dealt: Any, closed: Any, more: list[Any]) -> Iterator[str]:
    sitting = record["sitting"]
    if (sealed["seed_hash"], closed["seed"]) != (sitting["seed_hash"], sitting["seed"]):
        yield "the audit log names another seed"
    if dealt["policy"] != record["policy"]:
        yield "the audit log names another policy"
    if _inputs(dealt["groups"]) != _inputs(_first_inputs(record)):
        yield "the audit log names other works or hands of the first deal"
    named = [(one["number"], one["tasks"], _inputs(one["groups"])) for one in more]
    if named != [
        (one["number"], one["tasks"], _inputs(_more_inputs(record, one)))
        for one in record["supplements"]
    ]:
        yield "the audit log names other works or hands of a supplement"


def _inputs(groups: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [(g["group"], g["hands"], g["works_sha256"]) for g in groups]


def _first_inputs(record: Record) -> list[Mapping[str, Any]]:
    later = set(_works_of_supplements(record))
    return [
        {
            "group": group["id"],
            "hands": group["hands"],
            "works_sha256": _digest(
                (row[0], row[3])
                for row in record["performances"]
                if row[2] == group["id"] and row[0] not in later
            ),
        }
        for group in record["groups"]
    ]


def _more_inputs(record: Record, more: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        {
            "group": group["id"],
            "hands": group["hands"],
            "works_sha256": _digest(_works_in(record, more["tasks"], group["id"])),
        }
        for group in more["groups"]
    ]


def _digest(works: Iterable[tuple[int, int]]) -> str:
    return _hash("".join(f"{id}:{district}\n" for id, district in sorted(works)))


def _works_in(record: Record, span: Sequence[int], group: int) -> list[tuple[int, int]]:
    asked = {row[1] for row in record["tasks"] if span[0] <= row[0] <= span[1]}
    return [(r[0], r[3]) for r in record["performances"] if r[0] in asked and r[2] == group]


def _works_of_supplements(record: Record) -> Iterator[int]:
    dealt = {ref for kind, ref, _ in record["handings"] if kind == "dealt"}
    return (row[1] for row in record["tasks"] if row[0] in dealt)


def _hash_of(parts: Sequence[str]) -> str:
    return _hash(json.dumps(parts))


# --- outcomes ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    levels: tuple[int | None, ...]
    exception: str | None


def _outcomes(record: Record) -> Iterator[str]:
    counted: dict[int, dict[int, Given]] = defaultdict(dict)
    for _, _, work, number, _, text, exception, _, _, standing in record["marks"]:
        if standing == "counted":
            if number in counted[work]:
                yield f"performance {work}: two marks count in round {number}"
            counted[work][number] = _given(text, exception, record["policy"])
    published = {row[0]: list(row[1:]) for row in record["outcomes"]}
    for work, *_ in record["performances"]:
        expected = _outcome(counted.get(work, {}), record["policy"])
        if published.get(work) != expected:
            yield f"performance {work}: the outcome does not follow from its marks"


def _given(text: str, exception: str | None, policy: Mapping[str, Any]) -> Given:
    levels = tuple(None if c == "-" else int(c) for c in text)
    has_levels = any(level is not None for level in levels)
    is_scored = exception == "incomplete" and has_levels and policy["incomplete_may_be_scored"]
    if exception is None or is_scored:
        return Given(levels, None)
    return Given((None,) * 6, exception)


def _outcome(given: Mapping[int, Given], policy: Mapping[str, Any]) -> list[Any] | None:
    if 1 not in given or 2 not in given:
        return None
    nothing = [None] * 6
    early = {number: given[number] for number in (1, 2, 3) if number in given}
    alike = _confirmed(early) if 3 in early else []
    if alike:
        return ["exception", nothing, nothing, nothing, early[alike[0]].exception, alike]
    scored = [number for number, mark in early.items() if mark.exception is None]
    decided: list[tuple[Fraction, list[int], str] | None] = [None] * 6
    if len(scored) > 1:
        columns = [
            {n: level for n in scored if (level := early[n].levels[place]) is not None}
            for place in range(6)
        ]
        decided = [_decide(column, policy) for column in columns]
    same = given[1].exception is not None and given[1].exception == given[2].exception
    is_asked = 3 in early or same
    if None in decided and is_asked and 4 in given:
        leader = given[4]
        if leader.exception:
            return ["exception", nothing, nothing, nothing, leader.exception, [4]]
        decided = [
            known or ((Fraction(level), [4], "leader") if level is not None else None)
            for known, level in zip(decided, leader.levels, strict=True)
        ]
    return [
        "open" if None in decided else "settled",
        [str(one[0]) if one else None for one in decided],
        [one[1] if one else None for one in decided],
        [one[2] if one else None for one in decided],
        None,
        [],
    ]


def _confirmed(early: Mapping[int, Given]) -> list[int]:
    for exception in ("no_picture", "incomplete", "off_topic"):
        rounds = [n for n in sorted(early) if early[n].exception == exception]
        if len(rounds) > 1:
            return rounds
    return []


def _decide(
    column: Mapping[int, int], policy: Mapping[str, Any]
) -> tuple[Fraction, list[int], str] | None:
    pairs = [(one, other) for one, other in ((1, 2), (1, 3), (2, 3)) if {one, other} <= {*column}]
    gaps = {pair: abs(column[pair[0]] - column[pair[1]]) for pair in pairs}
    close = [pair for pair in pairs if gaps[pair] <= policy["tolerance"]]
    if (1, 2) in close:
        return _combined(column, (1, 2), policy), [1, 2], "agreed"
    if len(close) == 2 and gaps[close[0]] == gaps[close[1]]:
        return Fraction(column[3]), [3], "third"
    if close:
        best = min(close, key=lambda pair: gaps[pair])
        return _combined(column, best, policy), [*best], "closest"
    return _median(column, policy)


def _combined(
    column: Mapping[int, int], pair: tuple[int, int], policy: Mapping[str, Any]
) -> Fraction:
    levels = [column[number] for number in pair]
    if policy["combine"] == "mean":
        return Fraction(sum(levels), 2)
    return Fraction(max(levels) if policy["combine"] == "higher" else min(levels))


def _median(
    column: Mapping[int, int], policy: Mapping[str, Any]
) -> tuple[Fraction, list[int], str] | None:
    levels = sorted(column.values())
    is_asked = policy["three_distinct"] == "median" and policy["tolerance"] == 0
    if is_asked and len(levels) == 3 and levels[2] - levels[0] == 2:
        return Fraction(levels[1]), [1, 2, 3], "median"
    return None


# --- what every mark must obey ----------------------------------------------------------------


def _marks(record: Record) -> Iterator[str]:
    tasks = {row[0]: row for row in record["tasks"]}
    last_before = {row[0]: row[1] for row in record["corrections"]}
    people: dict[int, list[int]] = defaultdict(list)
    for event, task, work, number, account, _, _, _, _, standing in record["marks"]:
        known = tasks.get(task)
        if known is None or list(known[1:4]) != [work, number, account]:
            yield f"mark {event}: not of a task of that person"
        if standing == "counted":
            people[work].append(account)
            if task <= last_before.get(work, 0):
                yield f"mark {event}: given to an earlier video, and yet counted"
    for work, accounts in people.items():
        if len(set(accounts)) < len(accounts):
            yield f"performance {work}: the same person counts twice"


# --- rounds 1 and 2 ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    due: Fraction
    low: int
    high: int
    district: int


@dataclass(frozen=True)
class Part:
    works: list[tuple[int, int]]
    """(performance, district)"""
    hands: list[tuple[int, int, int]]
    """(account, district, capacity)"""
    policy: Mapping[str, Any]

    @property
    def districts(self) -> list[int]:
        return sorted({hand[1] for hand in self.hands})

    @property
    def homes(self) -> list[int]:
        if self.policy["home_district"] != "exclude":
            return [-1] * len(self.works)
        kinds = {district: kind for kind, district in enumerate(self.districts)}
        return [kinds.get(work[1], -1) for work in self.works]

    @property
    def rooms(self) -> dict[int, int]:
        homes = Counter(work[1] for work in self.works)
        is_excluded = self.policy["home_district"] == "exclude"
        return {d: len(self.works) - is_excluded * homes[d] for d in self.districts}

    @property
    def shares(self) -> list[Share]:
        works, whole = len(self.works), sum(hand[2] for hand in self.hands)
        return [
            Share(Fraction(works * c, whole), works * c // whole, -(-works * c // whole), d)
            for _, d, c in self.hands
        ]


def _first_rounds(record: Record) -> Iterator[str]:
    given = {ref for kind, ref, _ in record["handings"] if kind in ("given", "dealt")}
    later = set(_works_of_supplements(record))
    group_of = {row[0]: row[2] for row in record["performances"]}
    dealt: dict[int, set[tuple[int, ...]]] = defaultdict(set)
    for task, work, number, account, position, _ in record["tasks"]:
        if number < 3 and task not in given:
            dealt[group_of[work]].add((work, number, account, position))
    for group in record["groups"]:
        works = [
            (row[0], row[3])
            for row in record["performances"]
            if row[2] == group["id"] and row[0] not in later
        ]
        again = set(deal_again(works, group["hands"], record["policy"], _seed(record, group["id"])))
        if again != dealt[group["id"]]:
            yield f"item group {group['id']}: dealt again from the seed, rounds 1 and 2 differ"


def _seed(record: Record, group: int) -> str:
    return f"{record['sitting']['seed']}:{group}"


def deal_again(
    works: list[tuple[int, int]], hands: Sequence[Row], policy: Mapping[str, Any], seed: str
) -> Iterator[tuple[int, int, int, int]]:
    rng = random.Random(seed)
    for part in _parts(works, hands, policy):
        is_spread = policy["placement"] == "spread"
        pairs = _pairs_spread(part, rng) if is_spread else _pairs_together(part, rng)
        ordered = _in_rounds(pairs, len(part.hands), rng)
        yield from _listed(part, ordered, [0] * len(part.hands), rng)


def _parts(
    works: list[tuple[int, int]], hands: Iterable[Row], policy: Mapping[str, Any]
) -> list[Part]:
    able = sorted((a, d, c) for a, d, c in hands if c > 0)
    if policy["home_district"] != "only":
        return [Part(sorted(works), able, policy)] if works else []
    return [
        Part(
            [w for w in sorted(works) if w[1] == district],
            [h for h in able if h[1] == district],
            policy,
        )
        for district in sorted({w[1] for w in works})
    ]


def _listed(
    part: Part, ordered: Sequence[int], behind: Sequence[int], rng: random.Random
) -> Iterator[tuple[int, int, int, int]]:
    lists: list[list[int]] = [[] for _ in part.hands]
    for place, hand in enumerate(ordered):
        lists[hand].append(place)
    for hand, places in enumerate(lists):
        rng.shuffle(places)
        for position, place in enumerate(places, behind[hand]):
            yield part.works[place // 2][0], place % 2 + 1, part.hands[hand][0], position


def _pairs_spread(part: Part, rng: random.Random) -> list[int]:
    takers = [Share(2 * s.due, 2 * s.low, 2 * s.high, s.district) for s in part.shares]
    return _onto_works(part, _divide(2 * len(part.works), takers, part.rooms, rng), rng)


def _onto_works(part: Part, loads: Sequence[int], rng: random.Random) -> list[int]:
    by_district: list[list[int]] = [
        [
            index
            for index, (hand, load) in enumerate(zip(part.hands, loads, strict=True))
            if hand[1] == district
            for _ in range(load)
        ]
        for district in part.districts
    ]
    kinds = _fill(part.homes, 2, [len(waiting) for waiting in by_district], rng)
    for waiting in by_district:
        rng.shuffle(waiting)
    return [by_district[kind].pop() for kind in kinds]


def _pairs_together(part: Part, rng: random.Random) -> list[int]:
    of_districts = [[s for s in part.shares if s.district == d] for d in part.districts]
    counts = _divide(len(part.works), [_paired(of) for of in of_districts], part.rooms, rng)
    kinds = _fill(part.homes, 1, counts, rng)
    dealt = []
    for district, of, works in zip(part.districts, of_districts, counts, strict=True):
        members = [i for i, hand in enumerate(part.hands) if hand[1] == district]
        takers = [Share(2 * s.due, 2 * s.low, min(2 * s.high, works), district) for s in of]
        loads = _divide(2 * works, takers, {district: 2 * works}, rng)
        dealt.append([members[kind] for kind in _fill([-1] * works, 2, loads, rng)])
    return [dealt[kind].pop() for kind in kinds for _ in range(2)]


def _paired(of: Sequence[Share]) -> Share:
    low = sum(s.low for s in of)
    possible = [
        works
        for works in range(low, sum(s.high for s in of) + 1)
        if all(2 * s.low <= works for s in of)
        and sum(min(2 * s.high, works) for s in of) >= 2 * works
    ]
    due = sum((s.due for s in of), Fraction(0))
    return Share(due, possible[0], possible[-1], of[0].district)


def _divide(
    total: int, among: Sequence[Share], rooms: Mapping[int, int], rng: random.Random
) -> list[int]:
    loads = [share.low for share in among]
    left = dict(rooms)
    for share in among:
        left[share.district] -= share.low
    steps = [
        (share.due - share.low - step, index)
        for index, share in enumerate(among)
        for step in range(share.high - share.low)
    ]
    rng.shuffle(steps)
    steps.sort(key=lambda step: step[0], reverse=True)
    for _, index in steps:
        district = among[index].district
        if sum(loads) < total and left[district] > 0:
            loads[index] += 1
            left[district] -= 1
    return loads


class _Filling:
    """Kinds on the places of works: never a work's own kind, never one twice."""

    def __init__(self, homes: Sequence[int], width: int, kinds: list[int]) -> None:
        self.homes, self.width, self.kinds = homes, width, kinds

    def may(self, place: int, kind: int) -> bool:
        if kind == self.homes[place // self.width]:
            return False
        return self.width == 1 or kind != self.kinds[place ^ 1]

    def wrong(self, place: int) -> bool:
        return not self.may(place, self.kinds[place])

    def swap(self, one: int, other: int) -> None:
        self.kinds[one], self.kinds[other] = self.kinds[other], self.kinds[one]


def _fill(homes: Sequence[int], width: int, counts: Sequence[int], rng: random.Random) -> list[int]:
    kinds = [kind for kind, count in enumerate(counts) for _ in range(count)]
    rng.shuffle(kinds)
    filling = _Filling(homes, width, kinds)
    wrong = [place for place in range(len(kinds)) if filling.wrong(place)]
    rng.shuffle(wrong)
    while wrong:
        place = wrong.pop()
        if filling.wrong(place) and not _swap_by_lot(filling, place, wrong, rng):
            _swap_in_chain(filling, place, wrong, rng)
    return kinds


def _swap_by_lot(filling: _Filling, place: int, wrong: list[int], rng: random.Random) -> bool:
    kinds, width = filling.kinds, filling.width
    for attempt in range(30):
        if wrong and attempt % 3 == 0:
            other = wrong[int(rng.random() * len(wrong))]
        else:
            other = int(rng.random() * len(kinds))
        if place // width == other // width or not filling.may(place, kinds[other]):
            continue
        if filling.may(other, kinds[place]) or filling.wrong(other):
            filling.swap(place, other)
            if filling.wrong(other):
                wrong.append(other)
            return True
    return False


def _swap_in_chain(filling: _Filling, place: int, wrong: list[int], rng: random.Random) -> None:
    """Breadth first over kinds, from those at wrong places to one that the place may hold."""
    holders = {filling.kinds[place]: place}
    before: dict[int, int] = {}
    goal = None
    for other in reversed(wrong):
        kind = filling.kinds[other]
        if kind not in holders and filling.wrong(other):
            holders[kind] = other
            if filling.may(place, kind):
                goal = kind
                break
    frontier = list(holders)
    while goal is None and frontier:
        goal, frontier = _links(filling, place, frontier, holders, before, rng)
    if goal is None:
        return
    chain = [goal]
    while chain[-1] in before:
        chain.append(before[chain[-1]])
    for kind in reversed(chain):
        filling.swap(place, holders[kind])


def _links(
    filling: _Filling,
    place: int,
    frontier: list[int],
    holders: dict[int, int],
    before: dict[int, int],
    rng: random.Random,
) -> tuple[int | None, list[int]]:
    kinds, width = filling.kinds, filling.width
    found: list[int] = []
    start = rng.randrange(len(kinds))
    for shifted in range(start, start + len(kinds)):
        other = shifted % len(kinds)
        if kinds[other] in holders or place // width == other // width:
            continue
        taken = next((k for k in frontier if filling.may(other, k)), None)
        if taken is None:
            continue
        holders[kinds[other]], before[kinds[other]] = other, taken
        if filling.may(place, kinds[other]):
            return kinds[other], []
        found.append(kinds[other])
    return None, found


def _in_rounds(pairs: list[int], hands: int, rng: random.Random) -> list[int]:
    edges: list[list[int]] = [[] for _ in range(hands)]
    for place, hand in enumerate(pairs):
        edges[hand].append(place // 2)
    odd = {hand for hand in range(hands) if len(edges[hand]) % 2}
    order = list(range(hands))
    rng.shuffle(order)
    ordered = [-1] * len(pairs)

    def walk(at: int) -> int:
        while edges[at]:
            work = edges[at].pop()
            if ordered[2 * work] < 0:
                other = pairs[2 * work] + pairs[2 * work + 1] - at
                ordered[2 * work], ordered[2 * work + 1] = at, other
                at = other
        return at

    for hand in order:
        if hand in odd:
            odd -= {hand, walk(hand)}
    for hand in order:
        walk(hand)
    return ordered


# --- supplements ------------------------------------------------------------------------------


def _supplements(record: Record) -> Iterator[str]:
    dealt = {ref for kind, ref, _ in record["handings"] if kind == "dealt"}
    spans = [range(o["tasks"][0], o["tasks"][1] + 1) for o in record["supplements"]]
    if dealt != {id for span in spans for id in span}:
        yield "tasks were dealt outside the supplements"
    group_of = {row[0]: row[2] for row in record["performances"]}
    for more in record["supplements"]:
        span = more["tasks"]
        present = {
            (group_of[work], work, number, account, position)
            for id, work, number, account, position, _ in record["tasks"]
            if span[0] <= id <= span[1]
        }
        again = {
            (group["id"], *task)
            for group in more["groups"]
            for task in deal_more_again(
                _works_in(record, span, group["id"]),
                group["hands"],
                record["policy"],
                f"{_seed(record, group['id'])}:more:{more['number']}",
            )
        }
        if again != present:
            yield f"supplement {more['number']}: dealt again from the seed, it differs"


def deal_more_again(
    works: list[tuple[int, int]], holders: Sequence[Row], policy: Mapping[str, Any], seed: str
) -> Iterator[tuple[int, int, int, int]]:
    rng = random.Random(seed)
    held = {row[0]: (row[3], row[4]) for row in holders}
    able = [tuple(row[:3]) for row in holders if row[2] > 0]
    if policy["placement"] == "together":
        counts = Counter(row[1] for row in able)
        able = [row for row in able if counts[row[1]] > 1]
    for part in _parts(works, able, policy):
        had = [held[hand[0]] for hand in part.hands]
        leans, totals = [a - b for a, b in had], [a + b for a, b in had]
        if policy["placement"] == "spread":
            pairs = _onto_works(part, _least_first(part, totals, leans, rng), rng)
        else:
            pairs = _pairs_of_least(part, totals, leans, rng)
        ordered = _in_rounds(pairs, len(part.hands), rng)
        _even_rounds(part, ordered, leans)
        yield from _listed(part, ordered, totals, rng)


def _lots(indexes: Sequence[int], leans: Sequence[int], rng: random.Random) -> dict[int, int]:
    order = list(indexes)
    rng.shuffle(order)
    turns = zip_longest([i for i in order if leans[i] > 0], [i for i in order if leans[i] < 0])
    first = [i for pair in turns for i in pair if i is not None]
    return {i: lot for lot, i in enumerate([*first, *(i for i in order if leans[i] == 0)])}


def _turn(total: int, lot: int, index: int, part: Part) -> tuple[Fraction, int, int]:
    return Fraction(2 * total + 1, 2 * part.hands[index][2]), lot, index


def _least_first(
    part: Part, totals: Sequence[int], leans: Sequence[int], rng: random.Random
) -> list[int]:
    rooms, more = part.rooms, [0] * len(totals)
    lots = _lots(range(len(totals)), leans, rng)
    turns = [_turn(total, lots[i], i, part) for i, total in enumerate(totals)]
    heapify(turns)
    while sum(more) < 2 * len(part.works):
        _, lot, index = heappop(turns)
        district = part.hands[index][1]
        if rooms[district]:
            rooms[district] -= 1
            more[index] += 1
            heappush(turns, _turn(totals[index] + more[index], lot, index, part))
    return more


def _pairs_of_least(
    part: Part, totals: Sequence[int], leans: Sequence[int], rng: random.Random
) -> list[int]:
    now, waiting = list(totals), []
    for district in part.districts:
        members = [i for i, hand in enumerate(part.hands) if hand[1] == district]
        lots = _lots(members, leans, rng)
        waiting.append(sorted(_turn(now[i], lots[i], i, part) for i in members))
    pairs: list[list[tuple[int, int]]] = [[] for _ in waiting]
    for _ in part.works:
        place = min(
            (p for p, d in enumerate(part.districts) if len(pairs[p]) < part.rooms[d]),
            key=lambda p: (waiting[p][0][0] + waiting[p][1][0], p),
        )
        one, other = waiting[place][:2]
        for _, _, index in (one, other):
            now[index] += 1
        again = [_turn(now[index], lot, index, part) for _, lot, index in (one, other)]
        waiting[place] = sorted([*waiting[place][2:], *again])
        pairs[place].append((one[2], other[2]))
    kinds = _fill(part.homes, 1, [len(of) for of in pairs], rng)
    for of in pairs:
        rng.shuffle(of)
    return [hand for kind in kinds for hand in pairs[kind].pop()]


def _even_rounds(part: Part, ordered: list[int], leans: Sequence[int]) -> None:
    evening = _Evening(part, ordered, leans)
    for side in (0, 1):
        for hand in range(len(leans)):
            while evening.lean(hand, side) > 1:
                if not evening.turn(hand, side) and not evening.exchange(hand, side):
                    break


class _Evening:
    """Turns round paths of works, else exchanges two hands, until nobody leans by two."""

    def __init__(self, part: Part, ordered: list[int], leans: Sequence[int]) -> None:
        self.part, self.ordered, self.leans = part, ordered, list(leans)
        self.homes, self.kinds = part.homes, {d: kind for kind, d in enumerate(part.districts)}
        self.places: list[list[int]] = [[] for _ in leans]
        for place, hand in enumerate(ordered):
            self.leans[hand] += -1 if place % 2 else 1
            self.places[hand].append(place)

    def lean(self, hand: int, side: int) -> int:
        return -self.leans[hand] if side else self.leans[hand]

    def turn(self, start: int, side: int) -> bool:
        came, reached = {start: -1}, [start]
        for hand in reached:
            if self.lean(hand, side) < 0:
                while (place := came[hand]) >= 0:
                    before = self.ordered[place]
                    self.put(before, place, hand, place ^ 1)
                    hand = before
                return True
            for place in self.places[hand]:
                other = self.ordered[place ^ 1]
                if place % 2 == side and other not in came:
                    came[other] = place
                    reached.append(other)
        return False

    def exchange(self, hand: int, side: int) -> bool:
        own = [place for place in self.places[hand] if place % 2 == side]
        for other in range(len(self.leans)):
            if self.lean(other, side) >= 0:
                continue
            for theirs in [p for p in self.places[other] if p % 2 != side]:
                for place in own:
                    if self.may(other, place, theirs) and self.may(hand, theirs, place):
                        self.put(hand, place, other, theirs)
                        return True
        return False

    def may(self, hand: int, place: int, left: int) -> bool:
        district, partner = self.part.hands[hand][1], self.ordered[place ^ 1]
        if place // 2 == left // 2 or hand == partner:
            return False
        if self.kinds[district] == self.homes[place // 2]:
            return False
        is_together = bool(self.part.hands[partner][1] == district)
        return is_together == bool(self.part.policy["placement"] == "together")

    def put(self, one: int, place: int, other: int, theirs: int) -> None:
        for hand, left, taken in ((one, place, theirs), (other, theirs, place)):
            self.ordered[taken] = hand
            self.places[hand][self.places[hand].index(left)] = taken
            self.leans[hand] += 2 if left % 2 else -2


# --- every later hand-out ---------------------------------------------------------------------


@dataclass
class Hand:
    point: int
    total: int
    role: str
    stage: str
    district: int
    capacity: int
    state: str


def _later_hand_outs(record: Record) -> Iterator[str]:
    seed, policy = record["sitting"]["seed"], record["policy"]
    tasks = {row[0]: row for row in record["tasks"]}
    works = {row[0]: row for row in record["performances"]}
    stages = {group["id"]: group["stage"] for group in record["groups"]}
    later = {ref for kind, ref, _ in record["handings"] if kind in ("given", "dealt")}
    first = [row for id, row in tasks.items() if row[2] < 3 and id not in later]
    totals = Counter(row[3] for row in first)
    held = Counter((row[3], works[row[1]][2], row[2]) for row in first)
    supplements = {more["tasks"][0]: more for more in record["supplements"]}
    hands: dict[int, Hand] = {}
    for kind, ref, detail in record["handings"]:
        if kind == "hand":
            total = hands[ref].total if ref in hands else totals[ref]
            hands[ref] = Hand(_point(f"{seed}:hand:{ref}"), total, *detail)
            continue
        _, work, number, account, _, _ = tasks[ref]
        if kind == "dealt" and ref in supplements:
            for group in supplements[ref]["groups"]:
                if group["hands"] != _holders(hands, held, group["id"], stages):
                    yield f"task {ref}: the supplement was not dealt among those who were here"
        if kind == "given":
            start = _point(f"{seed}:{work}:{number}:{detail[0]}")
            _, _, group, home = works[work]
            allowed = {
                id: hand
                for id, hand in hands.items()
                if hand.stage == stages[group] and _may(id, hand, number, home, detail, policy)
            }
            if _taker(allowed, detail[1], start, policy) != account:
                yield f"task {ref}: not the hand-out that the seed gives"
        step = -1 if kind == "taken" else 1
        hands[account].total += step
        held[account, works[work][2], number] += step


def _holders(
    hands: Mapping[int, Hand],
    held: Mapping[tuple[int, int, int], int],
    group: int,
    stages: Mapping[int, str],
) -> list[list[int]]:
    return [
        [id, hand.district, hand.capacity, held[id, group, 1], held[id, group, 2]]
        for id, hand in sorted(hands.items())
        if (hand.role, hand.stage, hand.state) == ("marker", stages[group], "here")
    ]


def _may(
    id: int, hand: Hand, number: int, home: int, detail: Row, policy: Mapping[str, Any]
) -> bool:
    _, _, already, partners = detail
    role = "leader" if number == 4 else "marker"
    if hand.state != "here" or hand.role != role or id in already:
        return False
    is_home, rule = hand.district == home, policy["home_district"]
    if rule != "allow" and is_home != (rule == "only"):
        return False
    if number < 3 and partners:
        return (hand.district in partners) is (policy["placement"] == "together")
    return True


def _taker(
    allowed: Mapping[int, Hand], near: Sequence[int], start: int, policy: Mapping[str, Any]
) -> int | None:
    if policy["prefer_cached"]:
        allowed = {id: h for id, h in allowed.items() if h.district in near} or allowed
    return min(
        allowed,
        key=lambda id: (
            allowed[id].total / allowed[id].capacity,
            (allowed[id].point - start) % CIRCLE,
        ),
        default=None,
    )


def _point(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") % CIRCLE


if __name__ == "__main__":
    differing = check(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    print("\n".join(differing) or "everything agrees")
    sys.exit(1 if differing else 0)

"""Choose again: every hand-out since marking began, from the seed and the recorded handings."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from sqlite_utils import Database

import hub.schema
from hub.store import exam, handings, hands, performances, tasks
from hub.store.handings import Handing
from hub.store.hands import Change, Pool
from hub.store.sittings import Sitting
from hub.work.hand_out import LEADER_ROUND, find_taker
from shared.rules.choosing import Asked, hand_point, slot_point
from shared.rules.policy import Policy
from shared.rules.rubric import Role


class ChoosingAgain:
    """The hands as they were, step by step, in a database of their own."""

    def __init__(self, db: Database, sitting: Sitting, policy: Policy) -> None:
        self.db, self.sitting, self.policy = db, sitting, policy
        self.stages = {group.id: group.stage for group in exam.groups(db)}
        self.scratch = Database(memory=True, execute_plugins=False)
        hub.schema.migrations.apply(self.scratch)
        self.standings: dict[int, Change] = {}
        later = handings.handed_on(db, sitting.id)
        first = (t for t in tasks.first_hand_outs(db, sitting.id) if t.id not in later)
        self.dealt = Counter(t.account_id for t in first)

    def differing(self) -> Iterator[tasks.Task]:
        """Tasks that went to somebody else than the rule says."""
        for handing in handings.of_sitting(self.db, self.sitting.id):
            if handing.kind == "hand":
                self._stand(handing)
                continue
            task = tasks.task(self.db, handing.ref)
            if task is None:
                continue
            if handing.kind == "given" and self._chosen(task, handing) != task.account_id:
                yield task
            step = -1 if handing.kind == "taken" else 1
            hands.move(self.scratch, self.sitting.id, task.account_id, step)
        self.scratch.close()

    def _stand(self, handing: Handing) -> None:
        role, scope, district, capacity, state = json.loads(handing.detail)
        known = self.standings.get(handing.ref)
        now = Change(
            handing.ref,
            role,
            scope,
            district,
            capacity,
            state,
            hand_point(self.sitting.seed, handing.ref),
            self.dealt[handing.ref],
        )
        if known:
            totals = hands.totals(self.scratch, self.sitting.id)
            now = replace(now, total=totals.get(handing.ref, 0))
        self.standings[handing.ref] = now
        hands.put(self.scratch, self.sitting.id, now)

    def _chosen(self, task: tasks.Task, handing: Handing) -> int | None:
        gen, near, already, partners = json.loads(handing.detail)
        performance = performances.performance(self.db, task.performance_id)
        if performance is None:
            return None
        role = Role.LEADER if task.round == LEADER_ROUND else Role.MARKER
        pool = Pool(self.sitting.id, role, self.stages[task.item_group_id])
        asked = Asked(performance.district_id, task.round, frozenset(already), frozenset(partners))
        start = slot_point(self.sitting.seed, task.performance_id, task.round, gen)
        found = find_taker(self.scratch, pool, asked, near, self.policy, start)
        return found.hand.id if found else None

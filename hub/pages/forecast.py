"""预测与试算: how many marks of rounds 3 and 4 will come, and what another policy would change."""

from dataclasses import replace
from typing import Any, Literal

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from hub.pages.frame import frame
from hub.store import exam, handings, sittings
from hub.store.admins import Admin
from hub.work.foresee import LEADER_HOURS_MAX, foresee
from hub.work.look_back import foretold
from hub.work.try_policy import Effect, try_policy
from shared.kit.clock import now
from shared.kit.store import Store
from shared.rules.policy import Policy, policy_hash
from shared.rules.rubric import CRITERIA
from shared.web.rendering import page

HERE = "/forecast"
WORKS_TRIED = 5_000
LOOKED_BACK = 20_000
"""Above so many performances a look back takes too long for a page."""

Combine = Literal["higher", "lower", "mean"]
Distinct = Literal["leader", "median"]


@get(HERE, sync_to_thread=True)
def show_forecast(
    person: NamedDependency[Admin],
    store: NamedDependency[Store],
    tolerance: FromQuery[Literal["", "0", "1", "2", "3"]] = "",
    combine: FromQuery[Combine] = "higher",
    three_distinct: FromQuery[Distinct] = "leader",
) -> Template:
    """With a tolerance the page tries that policy; it changes nothing."""
    moment = now()
    with store.reading() as db:
        sitting, present = sittings.current(db), exam.policy(db)
        sitting_id = sitting.id if sitting else 0
        tried = present
        effect: Effect | None = None
        if tolerance:
            tried = replace(
                present,
                tolerance=int(tolerance),
                combine=combine,
                three_distinct=three_distinct,
            )
            effect = try_policy(db, sitting_id, tried, WORKS_TRIED)
        seen = foresee(db, sitting_id)
        is_small = seen is not None and sum(g.seen.performances for g in seen.groups) < LOOKED_BACK
        return page(
            "forecast.html",
            frame=frame(db, person, HERE, moment),
            seen=seen,
            saved=handings.downloads(db, sitting_id),
            past=foretold(db, sitting_id) if is_small else [],
            leader_hours_max=LEADER_HOURS_MAX,
            present=present,
            policy_hash=policy_hash(present),
            words=rule_words(present),
            tried=tried,
            tried_words=rule_words(tried),
            effect=effect,
            criteria=CRITERIA,
        )


def rule_words(policy: Policy) -> str:
    """The rule of agreement in one line."""
    if policy.tolerance == 0:
        words = "等级完全相同才算一致"
    else:
        how = {"higher": "取高", "lower": "取低", "mean": "取平均"}[policy.combine]
        words = f"相差不超过 {policy.tolerance} 级算一致，{how}"
    median = policy.three_distinct == "median" and policy.tolerance == 0
    return words + ("；三评各不相同且相差 2 级时取中" if median else "；三评各不相同时由组长定")


ROUTES: list[Any] = [show_forecast]

"""Marks of rounds 1 and 2 written in bulk, to measure the hub late in the day without waiting.

All agree, so nothing follows from them; what is left open is for the benchmark to mark.
"""

from sqlite_utils import Database

from benchmarks.city import NINE
from hub.store import outcomes
from shared.rules.agreement import as_given, judge
from shared.rules.policy import Policy
from shared.rules.rubric import levels_from_text

LEVELS = "332101"
LEFT_EVERY = 50
"""One performance in so many is left open."""

_STEPS = (
    """
    CREATE TEMP TABLE filled AS
    SELECT one.performance_id FROM task one JOIN task other
      ON other.performance_id = one.performance_id AND other.round = 2 AND other.state = 'open'
    WHERE one.round = 1 AND one.state = 'open' AND one.performance_id % ? <> 0
    """,
    "CREATE UNIQUE INDEX temp.filled_by_performance ON filled (performance_id)",
    """
    INSERT INTO mark (event_id, sitting_id, task_id, performance_id, round, account_id, node_id,
                      gen, levels, exception, comment, revises, spent_ms, heard_percent, given_at,
                      received_at, standing)
    SELECT printf('f%031x', t.id), t.sitting_id, t.id, t.performance_id, t.round, t.account_id,
           n.id, t.gen, '332101', NULL, '', NULL, 60000, 100, t.created_at, t.created_at, 'counted'
    FROM task t JOIN account a ON a.id = t.account_id JOIN node n ON n.district_id = a.district_id
    WHERE t.performance_id IN (SELECT performance_id FROM filled) ORDER BY t.id
    """,
    """
    INSERT INTO event (event_id, node_id, node_inc, seq, sitting_id, kind, v, body_sha256, body,
                       result, reason, received_at)
    SELECT event_id, node_id, 'filled', task_id, sitting_id, 'mark', 1, hex(randomblob(32)), NULL,
           'applied', '', received_at
    FROM mark WHERE event_id LIKE 'f%' ORDER BY event_id
    """,
    """
    UPDATE slot SET state = 'filled', mark_id = printf('f%031x', task_id)
    WHERE performance_id IN (SELECT performance_id FROM filled)
    """,
    "UPDATE task SET state = 'done' WHERE performance_id IN (SELECT performance_id FROM filled)",
    """
    UPDATE load SET done = (
      SELECT count(*) FROM task t
      WHERE t.account_id = load.account_id AND t.sitting_id = load.sitting_id
        AND t.item_group_id = load.item_group_id AND t.round = load.round AND t.state = 'done')
    """,
)


def fill(db: Database, sitting_id: int) -> int:
    """How many marks."""
    given = as_given(levels_from_text(LEVELS), None, Policy())
    verdict = judge({1: given, 2: given}, Policy())
    for step in _STEPS:
        db.conn.execute(step, (LEFT_EVERY,) if "% ?" in step else ())
    agreed = [row[0] for row in db.conn.execute("SELECT performance_id FROM filled")]
    outcomes.put(db, sitting_id, dict.fromkeys(agreed, verdict), NINE)
    return 2 * len(agreed)

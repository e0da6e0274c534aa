"""Probes as a district's nodes are told of them: tasks like any other."""

from sqlite3 import Row

from sqlite_utils import Database

from shared.rules.probes import EXPECTED_ROUND, PROBE_FROM
from shared.rules.rubric import ALL_CRITERIA, to_mask
from shared.wire.messages import EarlierMark, TaskCard, VideoCard


def cards(db: Database, district_id: int, after: int, until: int) -> list[TaskCard]:
    """Of a page of the feed. Expected levels go along only when they are to be told."""
    rows = db.conn.execute(
        """
        SELECT o.id, o.sitting_id, o.code, p.item_group_id, o.round, o.account_id, o.position,
               o.expected, coalesce(r.note, '') AS note, o.kind,
               CASE WHEN a.district_id <> ? THEN 'withdrawn'
                    WHEN o.state = 'told' THEN 'done' ELSE o.state END AS state,
               o.state = 'told' AS is_told,
               v.sha256, v.bytes, v.duration_ms, v.peaks, v.loudness_db
        FROM probe o
        JOIN performance p    ON p.id = o.performance_id
        JOIN video v          ON v.id = p.video_id
        JOIN account a        ON a.id = o.account_id
        LEFT JOIN reference r ON r.performance_id = o.performance_id
        WHERE o.id IN (SELECT ref FROM feed WHERE district_id = ? AND seq > ? AND seq <= ?
                       AND kind = 'task' AND ref >= ?)
        ORDER BY o.id
        """,
        (district_id, district_id, after, until, PROBE_FROM),
    )
    return [_card(row) for row in rows]


def _card(row: Row) -> TaskCard:
    return TaskCard(
        task_id=row["id"],
        sitting=row["sitting_id"],
        gen=1,
        performance=row["code"],
        group_id=row["item_group_id"],
        round=row["round"],
        account_id=row["account_id"],
        criteria=to_mask(ALL_CRITERIA),
        state=row["state"],
        locked=bool(row["is_told"]),
        position=row["position"],
        video=VideoCard(
            sha256=row["sha256"],
            bytes=row["bytes"],
            duration_ms=row["duration_ms"],
            peaks=row["peaks"],
            loudness_db=row["loudness_db"],
        ),
        earlier=_expected(row) if row["is_told"] else [],
    )


def _expected(row: Row) -> list[EarlierMark]:
    comment = row["note"] if row["kind"] == "reference" else ""
    return [EarlierMark(round=EXPECTED_ROUND, levels=row["expected"], comment=comment)]

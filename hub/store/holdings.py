"""Which node's cache holds which video, as the nodes report it, and who may fetch one."""

from collections.abc import Collection, Iterable

from sqlite_utils import Database

from hub.store.many import listed


def districts_holding(db: Database, video_id: int) -> set[int]:
    return districts_by_video(db, [video_id])[video_id]


def districts_by_video(db: Database, video_ids: Collection[int]) -> dict[int, set[int]]:
    rows = db.conn.execute(
        """
        SELECT holding.video_id, node.district_id
        FROM holding JOIN node ON node.id = holding.node_id
        WHERE holding.video_id IN (SELECT value FROM json_each(?)) AND node.state = 'enrolled'
        """,
        (listed(video_ids),),
    )
    found: dict[int, set[int]] = {id: set() for id in video_ids}
    for video_id, district_id in rows:
        found[video_id].add(district_id)
    return found


def change(db: Database, node_id: int, gained: Iterable[str], lost: Iterable[str]) -> None:
    """By sha256; a video that the hub does not know is passed over."""
    db.conn.executemany(
        "DELETE FROM holding WHERE node_id = ? "
        "AND video_id = (SELECT id FROM video WHERE sha256 = ?)",
        [(node_id, sha256) for sha256 in lost],
    )
    db.conn.executemany(
        "INSERT INTO holding (video_id, node_id) SELECT id, ? FROM video WHERE sha256 = ? "
        "ON CONFLICT (video_id, node_id) DO NOTHING",
        [(node_id, sha256) for sha256 in gained],
    )


def forget_node(db: Database, node_id: int) -> None:
    """A reinstalled or retired node holds nothing."""
    db.conn.execute("DELETE FROM holding WHERE node_id = ?", (node_id,))


def may_fetch(db: Database, district_id: int, sha256: str) -> bool:
    """What somebody of the district has, or had, a task for; model singings are for all."""
    row = db.conn.execute(
        """
        SELECT 1 FROM video
        JOIN performance ON performance.video_id = video.id
        JOIN task        ON task.performance_id = performance.id AND task.state <> 'withdrawn'
        JOIN account     ON account.id = task.account_id
        WHERE video.sha256 = ? AND account.district_id = ?
        UNION ALL
        SELECT 1 FROM video JOIN item_group ON item_group.model_video_id = video.id
        WHERE video.sha256 = ?
        LIMIT 1
        """,
        (sha256, district_id, sha256),
    ).fetchone()
    return row is not None

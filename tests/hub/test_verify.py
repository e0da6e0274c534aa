"""Verify: agrees with an honest record, and names what somebody changed behind its back."""

from pathlib import Path

import pytest

from hub.store import audit
from hub.work.verify import FINDINGS_MAX, verify
from shared.kit.store import Store
from tests.hub.makers import ADMIN, an_allocated_hub, give, give_both, the_task
from tests.makers import NINE


@pytest.fixture
def hub(tmp_path: Path) -> Store:
    store = an_allocated_hub(tmp_path)
    with store.writing() as db:
        give_both(db, 1, "332101", "312101")
        give(db, the_task(db, 1, 3), "-0----")
        give_both(db, 2, "332101", "332101")
        give(db, the_task(db, 3, 1))
    return store


def test_an_honest_record_agrees_with_itself(hub: Store) -> None:
    with hub.reading() as db:
        assert verify(db) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("UPDATE outcome SET levels = replace(levels, '2', '3')", "终评结果与评分不符"),
        ("UPDATE outcome SET rules = replace(rules, 'agreed', 'third')", "终评结果与评分不符"),
        ("DELETE FROM outcome WHERE performance_id = 2", "终评结果与评分不符"),
        ("UPDATE mark SET levels = '000000' WHERE performance_id = 2", "终评结果与评分不符"),
        ("UPDATE mark SET standing = 'surplus' WHERE performance_id = 3", "1评的任务与评分不符"),
        ("DELETE FROM slot WHERE round = 4", "4评的任务与评分不符"),
        ("UPDATE slot SET criteria = 1 WHERE round = 4", "4评的任务与评分不符"),
        ("UPDATE slot SET state = 'closed' WHERE round = 2", "2评的任务与评分不符"),
        ("UPDATE task SET state = 'withdrawn' WHERE round = 4", "4评的任务与评分不符"),
        ("DELETE FROM slot WHERE performance_id = 2", "没有分配却有评分"),
        ("UPDATE load SET total = total + 1", "任务数与任务表不符"),
        ("UPDATE audit SET who = '别人' WHERE id = 2", "审计记录从第 2 条起"),
        ("DELETE FROM audit WHERE id = 2", "审计记录从第 3 条起"),
        ("DELETE FROM audit", "没有唯一的分配记录"),
        ("UPDATE sitting SET seed = replace(seed, '1', '2')", "种子与公布的哈希不符"),
        ("UPDATE task SET position = position + 1 WHERE id = 1", "重算的分配与实际任务不符"),
        ("UPDATE performance SET district_id = 2 WHERE id = 1", "在分配之后有改动"),
    ],
)
def test_a_change_behind_its_back_is_found(hub: Store, change: str, finding: str) -> None:
    with hub.writing() as db:
        db.conn.execute(change)
        assert any(finding in found for found in verify(db)), verify(db)


def test_a_wreck_is_reported_without_end_of_lines(hub: Store) -> None:
    with hub.writing() as db:
        db.conn.execute("DELETE FROM slot")
        db.conn.execute("UPDATE load SET total = total + 1")
        assert 0 < len(verify(db)) <= FINDINGS_MAX + 1


def test_the_audit_log_is_read_in_pages(hub: Store) -> None:
    with hub.writing() as db:
        for number in range(5):
            audit.append(db, ADMIN, "import", {"number": number, "名": "考试"}, NINE)
        first = audit.page(db, limit=2)
        assert [entry.detail["number"] for entry in first] == [4, 3]
        second = audit.page(db, before=first[-1].id, limit=2)
        assert [entry.detail["number"] for entry in second] == [2, 1]
        assert audit.broken_at(db) is None


CHANGES = (
    "UPDATE audit SET at = '2023' WHERE id = 1",
    "UPDATE audit SET who = '别人' WHERE id = 1",
    "UPDATE audit SET action = 'import' WHERE id = 1",
    "UPDATE audit SET detail = '{}' WHERE id = 1",
    "UPDATE audit SET previous = hash WHERE id = 1",
)


def test_the_chain_covers_every_field(hub: Store) -> None:
    with hub.writing() as db:
        for change in CHANGES:
            db.conn.execute("SAVEPOINT one")
            db.conn.execute(change)
            assert audit.broken_at(db) == 1
            db.conn.execute("ROLLBACK TO one")
        assert audit.broken_at(db) is None

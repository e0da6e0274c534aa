"""Archiving: only when all is in, and then the nodes are told that they may let go."""

import asyncio
from pathlib import Path

import pytest

from hub.__main__ import main
from hub.store import audit, hellos, meta, nodes
from hub.work.archive import archive
from hub.work.sittings import close
from shared.kit.refusal import Refusal
from shared.wire.messages import ExamCard
from tests.hub.door import a_door
from tests.hub.makers import ADMIN, EXAM_NAME, an_allocated_hub, hear_of
from tests.makers import NINE


def test_nodes_are_told_once_all_is_in(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    with store.writing() as db:
        close(db, 1, ADMIN, NINE)
        archive(db, EXAM_NAME, ADMIN, NINE)
        archive(db, EXAM_NAME, ADMIN, NINE)
        actions = [entry.action for entry in audit.page(db, 10**9, 50)]
        assert actions.count("exam_archived") == 1
    store.close()

    async def visit() -> None:
        async with a_door(tmp_path) as door:
            [card] = [i for i in (await door.pull()).items if isinstance(i, ExamCard)]
            assert card.archived

    asyncio.run(visit())


def test_what_is_under_way_or_not_in_step_keeps_it_from_being_archived(tmp_path: Path) -> None:
    store = an_allocated_hub(tmp_path, works=1)
    with store.writing() as db:

        def refused(name: str = EXAM_NAME) -> str:
            with pytest.raises(Refusal) as refusal:
                archive(db, name, ADMIN, NINE)
            return refusal.value.code

        assert refused("别的考试") == "wrong_name"
        assert refused() == "still_open"
        close(db, 1, ADMIN, NINE)
        node = nodes.all_nodes(db)[0]
        hear_of(db, node.id, NINE, pending=3)
        assert refused() == "still_pending"
        hear_of(db, node.id, NINE)
        hellos.put_comparison(db, node.id, meta.hub_inc(db), 2, NINE)
        assert refused() == "not_in_step"


def test_the_command_wants_the_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "hub"
    store = an_allocated_hub(data, works=1)
    with store.writing() as db:
        close(db, 1, ADMIN, NINE)
    store.close()
    assert main(["--data", str(data), "archive", "别的"]) == 1
    assert main(["--data", str(data), "archive", EXAM_NAME]) == 0
    assert "已归档" in capsys.readouterr().out
    assert main(["--data", str(data), "replay"]) == 0
    assert main(["--data", str(data), "rotate", "第1区节点"]) == 0
    assert main(["--data", str(data), "clear", "第1区节点"]) == 0
    assert main(["--data", str(data), "rotate", "没有"]) == 1

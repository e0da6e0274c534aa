"""The long form holds every level once, without names, and its checksum is kept."""

import csv
import hashlib
import io
from pathlib import Path

from hub.work.export_quality import HEADER, observations
from tests.hub.finished import a_finished_hub
from tests.hub.makers import a_hub
from tests.hub.pages import a_browser, export_done, sign_in, store_of


def test_every_level_of_rounds_1_to_3_is_a_line(tmp_path: Path) -> None:
    a_finished_hub(tmp_path).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        answer = export_done(browser, "quality")
        rows = list(csv.reader(io.StringIO(answer.content.decode())))
        with store_of(browser).reading() as db:
            levels = db.conn.execute(
                "SELECT sum(length(replace(levels, '-', ''))) FROM mark"
                " WHERE round < 4 AND standing = 'counted'"
            ).fetchone()[0]
        assert tuple(rows[0]) == HEADER
        assert sum(row[8] == "mark" for row in rows) == levels
        assert {row[2] for row in rows[1:]} == {
            *("overall", "pitch", "expression", "lyrics", "rhythm", "fluency")
        }
        assert all(row[0].startswith("ZX-") and row[7] in "0123" for row in rows[1:])
        marks = {(*row[:3], row[6]) for row in rows if row[8] == "mark"}
        assert len(marks) == levels, "one line for each marker, performance and criterion"
        assert hashlib.sha256(answer.content).hexdigest() in browser.get("/results").text
        assert "王" not in answer.text


def test_references_tie_the_markers_together_and_the_experts_are_marker_0(tmp_path: Path) -> None:
    store = a_finished_hub(tmp_path)
    with store.reading() as db:
        rows = [*observations(db, 1)]
        probes = db.conn.execute("SELECT count(*) FROM probe_mark").fetchone()[0]
        references = db.conn.execute("SELECT count(*) FROM reference").fetchone()[0]
    assert sum(row[8] == "reference" for row in rows) == 6 * probes > 0
    experts = [row for row in rows if row[8] == "expert"]
    assert len(experts) == 6 * references
    assert {(row[1], row[5]) for row in experts} == {(0, "")}
    store.close()


def test_before_anything_is_marked_there_is_nothing(tmp_path: Path) -> None:
    a_hub(tmp_path).close()
    with a_browser(tmp_path) as browser:
        sign_in(browser)
        assert browser.post("/results/export", data={"format": "quality"}).status_code == 409
        assert not list((tmp_path / "exports").iterdir())

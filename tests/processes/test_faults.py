"""What else befalls real programs: paused, full, put back in time; the books balance after all."""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import hub.schema
from hub.rehearsal import programs
from hub.store import accounts, hands
from hub.work.hand_out import take_back_all
from shared.kit.clock import now
from shared.kit.store import Store, reading_beside
from tests.hub.makers import ADMIN
from tests.link.wires import NoWires, a_wire
from tests.processes.city import HUB, City, a_city, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
SEED = 1
PACE_S = 0.3
DISK_BYTES = 24_000_000


def test_a_node_that_was_paused_while_its_tasks_went_to_others_loses_nothing(
    tmp_path: Path,
) -> None:
    with a_city(tmp_path, SEED, works=60, districts=3) as city:
        city.teach(PACE_S)
        city.until_saved(10)
        city.stop(HUB)
        # Marks that only the node has, whose tasks the hub is about to hand to others.
        city.until_saved(10)
        city.pause("node1")
        assert city.pending("node1") > 0
        store = Store(city.hub_db, hub.schema.migrations)
        with store.writing() as db:
            mine = [a.id for a in accounts.everyone(db) if a.district_id == 1]
            for account in mine:
                hands.set_state(db, 1, account, is_here=False)
            taken = sum(take_back_all(db, account, ADMIN, now()) for account in mine)
        store.close()
        assert taken > 0
        city.start(HUB)
        until(lambda: count(city, DONE_BY_OTHERS) > 0, "others mark what was taken back")
        city.resume("node1")
        city.until_marked()
        city.close_the_books()
        print(count(city, DONE_BY_OTHERS), "done by others,", count(city, SURPLUS), "surplus")


DONE_BY_OTHERS = """
    SELECT count(*) FROM task t JOIN task w USING (performance_id, round)
    WHERE t.state = 'done' AND w.state = 'withdrawn'
"""
SURPLUS = "SELECT count(*) FROM mark WHERE standing = 'surplus'"


def count(city: City, what: str) -> int:
    with reading_beside(city.hub_db) as db:
        return int(db.conn.execute(what).fetchone()[0])


def test_a_hub_restored_from_a_backup_gets_everything_again(tmp_path: Path) -> None:
    with a_city(tmp_path, SEED, works=200) as city:
        city.teach(PACE_S)
        city.until_saved(15)
        city.stop(HUB)
        backup = city.back_up()
        city.start(HUB)
        city.until_saved(30)
        city.kill(HUB)
        said = programs.run("hub", "--data", city.places[HUB], "restore", backup)
        assert "等待" in said
        city.start(HUB)
        city.until_saved(5)
        until(lambda: _command(city, "recovery") == 0, "the recovery ends by itself")
        city.until_marked()
        city.close_the_books()


def _command(city: City, verb: str) -> int:
    try:
        programs.run("hub", "--data", city.places[HUB], verb)
    except Exception:
        return 1
    return 0


@pytest.mark.parametrize("name", ["node1", HUB])
def test_a_data_folder_turned_back_to_an_earlier_copy_is_noticed_and_made_whole(
    tmp_path: Path, name: str
) -> None:
    with a_city(tmp_path, SEED, works=120) as city:
        city.teach(PACE_S)
        city.until_saved(15)
        city.stop(name)
        earlier = city.set_aside(name)
        city.start(name)
        city.until_saved(30)
        city.kill(name)
        city.turn_back(name, earlier)
        city.start(name)
        city.until_marked()
        city.close_the_books()


@pytest.mark.parametrize("name", ["node1", HUB])
def test_a_full_disk_stops_the_saving_and_nothing_else(tmp_path: Path, name: str) -> None:
    with (
        a_small_disk(tmp_path / "盘") as disk,
        a_city(tmp_path, SEED, elsewhere={name: disk}) as city,
    ):
        city.teach(PACE_S)
        city.until_saved(10)
        ballast = disk / "ballast"
        fill(ballast)
        # Whatever is confirmed from here on must be on the disk all the same.
        time.sleep(5)
        assert httpx.get(f"{city.running[name].url}/health").status_code == 200
        ballast.unlink()
        city.until_saved(10)
        city.until_marked()
        city.close_the_books()


def test_a_line_that_is_cut_again_and_again_delays_marks_and_loses_none(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    try:
        with a_wire(300) as wire, a_city(tmp_path, SEED, works=80, wire=wire) as city:
            city.teach(PACE_S)
            city.until_saved(10)
            wire.cut()
            city.until_saved(15)
            assert city.pending("node1") + city.pending("node2") > 0
            for _ in range(5):
                wire.mend()
                time.sleep(chance.uniform(0, 1))
                wire.cut()
                time.sleep(chance.uniform(0, 1))
            wire.mend()
            city.until_marked()
            city.close_the_books()
    except NoWires as why:
        pytest.skip(f"THE CUT LINE WAS NOT TRIED: {why}")


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


@contextmanager
def a_small_disk(place: Path) -> Iterator[Path]:
    """A tmpfs of its own."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(place)]
    if os.name != "posix" or os.geteuid() != 0 or subprocess.run(mount).returncode != 0:
        pytest.skip("THE FULL DISK WAS NOT TRIED: it takes root to mount a small tmpfs")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)

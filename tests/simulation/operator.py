"""What the city's and the districts' people do, and what befalls their machines."""

import functools
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlite_utils import Database

from hub.store import accounts, feed, nodes, sittings
from hub.store.accounts import Account, Listed
from hub.store.sittings import SittingKind
from hub.work import dispute, milestones
from hub.work import sittings as sitting_work
from hub.work.allocate import allocate
from hub.work.enrol_node import invite
from hub.work.hand_out import take_back_all
from hub.work.supplement import supplement
from hub.work.wipe_trial import wipe_trial
from shared.kit.refusal import Refusal
from shared.rules.rubric import Role
from tests.hub.makers import ADMIN, EXAM_NAME
from tests.makers import NINE
from tests.simulation.cities import an_empty_node
from tests.simulation.damage import damaged
from tests.simulation.disk import Disk, Files, Killed
from tests.simulation.lab import Lab
from tests.simulation.plan import HUB, Step
from tests.simulation.world import World

AGAIN_S = 7.0
TRIAL_ENDS = 0.4
"""Of the phase of faults."""
OFFS = {
    "+8h": timedelta(hours=8),
    "-8h": timedelta(hours=-8),
    "-2h": timedelta(hours=-2),
    "+20m": timedelta(minutes=20),
    "+1h": timedelta(hours=1),
    "-1h": timedelta(hours=-1),
    "1970": datetime(1970, 1, 1, 8, tzinfo=NINE.tzinfo) - NINE,
    "2038": datetime(2038, 1, 19, 12, tzinfo=NINE.tzinfo) - NINE,
}


def begin(world: World) -> None:
    """The labs are set up, and the first sitting is allocated; later perhaps the next one."""
    for number in range(1, world.plan.nodes + 1):
        lab = world.add_lab(number, an_empty_node())
        lab.start()
        world.loop.call_later(1.0, functools.partial(invite_lab, world, lab))
    world.loop.call_at(3.0, functools.partial(open_sitting, world))
    if world.plan.has_trial:
        world.loop.call_at(world.plan.faults_s * TRIAL_ENDS, functools.partial(end_trial, world))


def act(world: World, step: Step) -> None:
    """One step of the plan; what cannot be done at that moment is left out."""
    world.note("world", str(step))
    deed = _DEEDS.get(step.kind)
    if deed is not None and deed(world, step):
        name = f"{step.kind} {'hub' if step.who == HUB else 'node'} {step.value.split(' ')[0]}"
        world.fault(name.strip())


def at_hub(world: World, deed: Callable[[Database, datetime], object], until_done: bool) -> bool:
    """In one transaction; tried again later where the hub is away and it has to be done."""
    try:
        if world.hub.is_up:
            world.hub.do(deed)
            return True
    except Refusal as refusal:
        world.note("operator", f"refused: {refusal.code}")
        return False
    except Killed:
        world.note("operator", "the hub died over it")
    except sqlite3.OperationalError:
        if not world.hub.was_full:
            raise
    if until_done:
        world.loop.call_later(AGAIN_S, functools.partial(at_hub, world, deed, True))
    return False


def invite_lab(world: World, lab: Lab) -> None:
    def deed(db: Database, moment: datetime) -> None:
        code = invite(db, f"第{lab.district}区机房", lab.district, moment)
        lab.code = code

    at_hub(world, deed, until_done=True)


def open_sitting(world: World, until_done: bool = True) -> None:
    """The trial first, where there is one; doing it again changes nothing."""

    def deed(db: Database, moment: datetime) -> None:
        known = sittings.all_sittings(db)
        is_trial = world.plan.has_trial and not any(s.state == "wiped" for s in known)
        kind: SittingKind = "trial" if is_trial else "formal"
        if any(s.kind == kind and s.state != "prepared" for s in known):
            _deal_what_is_left(db, moment)
            return
        prepared = next((s for s in known if s.state == "prepared"), None)
        sitting = prepared or sitting_work.prepare(db, kind, ADMIN, moment)
        allocate(db, sitting.id, ADMIN, moment)

    if at_hub(world, deed, until_done):
        world.hub.check_point()


def _deal_what_is_left(db: Database, moment: datetime) -> None:
    """Where the hub was put back to before the sitting, and its nodes brought it back."""
    sitting = sittings.open_sitting(db)
    if sitting is not None and milestones.undealt(db, sitting):
        supplement(db, ADMIN, moment)


def end_trial(world: World, until_done: bool = True) -> None:
    """Also again, where the hub was put back to before it."""

    def deed(db: Database, moment: datetime) -> None:
        if not any(s.state == "wiped" for s in sittings.all_sittings(db)):
            wipe_trial(db, EXAM_NAME, ADMIN, moment)

    at_hub(world, deed, until_done)
    if until_done:
        world.loop.call_later(10.0, functools.partial(open_sitting, world))


def mend(world: World) -> None:
    """While the world heals: the city's people look at what the hub says is wrong, and act."""
    if not world.hub.is_up:
        return
    if world.plan.has_trial:
        end_trial(world, until_done=False)
    open_sitting(world, until_done=False)
    for number in range(1, world.plan.nodes + 1):
        here = [lab for lab in world.labs if lab.district == number and not lab.is_gone]
        # Of two with one identity the copy goes, as soon as it has handed in what it holds.
        _mend_lab(world, here[-1], is_copy=len(here) > 1)


def _mend_lab(world: World, lab: Lab, is_copy: bool) -> None:
    if not lab.is_up or lab.code:
        return
    if not lab.is_enrolled or ("凭据" in lab.problem and "争议" not in lab.problem):
        # Whom the hub no longer knows is invited again, disk and all.
        invite_lab(world, lab)
    elif is_copy and not lab.pending and not world.held_at(lab):
        lab.switch_off()
    elif not is_copy:
        at_hub(world, functools.partial(_clear_alarms, lab), until_done=False)


def _clear_alarms(lab: Lab, db: Database, moment: datetime) -> None:
    for node in nodes.all_nodes(db):
        if node.district_id == lab.district:
            dispute.clear(db, node, ADMIN, moment)


def _machine(world: World, step: Step) -> Disk | None:
    if step.who == HUB:
        return world.hub.disk if world.hub.is_up else None
    lab = world.lab_of(step.who)
    return lab.disk if lab else None


def _kill(world: World, step: Step) -> bool:
    disk = _machine(world, step)
    if disk is None:
        return False
    lab = world.lab_of(step.who)
    machine = world.hub if step.who == HUB or lab is None else lab
    machine.rest_s = step.lasts
    where, _, what = step.value.partition(" ")
    disk.is_power_cut = step.kind == "power"
    if where == "statement":
        disk.kill_in = int(what)
    elif where == "commit":
        disk.kill_at_commit = what
    else:
        disk.end()
    return True


def _fill_disk(world: World, step: Step) -> bool:
    disk = _machine(world, step)
    if disk is None:
        return False
    disk.is_full = True
    if step.who == HUB:
        world.hub.was_full = True

    def clear() -> None:
        disk.is_full = False

    world.loop.call_later(step.lasts, clear)
    return True


def _set_clock(world: World, step: Step) -> bool:
    lab = world.lab_of(step.who)
    clock = world.hub.clock if step.who == HUB else lab.clock if lab else None
    if clock is None:
        return False
    clock.off = OFFS[step.value]
    return True


def _marker(world: World, step: Step, db: Database) -> Account:
    of_district = [
        a
        for a in accounts.everyone(db)
        if a.district_id == step.who and a.role in (Role.MARKER, Role.LEADER)
    ]
    return of_district[int(step.value) % len(of_district)]


def _take_back(world: World, step: Step) -> bool:
    return at_hub(
        world,
        lambda db, moment: take_back_all(db, _marker(world, step, db).id, ADMIN, moment),
        until_done=False,
    )


def _disable(world: World, step: Step) -> bool:
    """As an import that says so does it."""

    def deed(db: Database, moment: datetime) -> None:
        who = _marker(world, step, db)
        left = Listed(
            who.phone, who.name, who.district_id, who.role, who.scope, who.capacity, "disabled"
        )
        accounts.change_many(db, [left])
        feed.append(db, who.district_id, "account", who.id)
        take_back_all(db, who.id, ADMIN, moment)

    return at_hub(world, deed, until_done=False)


def _close(world: World, step: Step) -> bool:
    def deed(db: Database, moment: datetime) -> None:
        sitting = sittings.open_sitting(db)
        if sitting is not None and sitting.kind == "formal":
            sitting_work.close(db, sitting.id, ADMIN, moment)

    return at_hub(world, deed, until_done=False)


def _copy(world: World, step: Step) -> bool:
    key = (step.kind, step.who)
    if step.who == HUB:
        if not world.hub.is_up or world.hub.disk.is_full:
            return False
        is_backup = step.kind == "restore_copy"
        world.copies[key] = (
            world.hub.context.run(world.hub.back_up) if is_backup else Files.of(world.hub.disk.path)
        )
        return True
    lab = world.lab_of(step.who)
    if lab is None:
        return False
    world.copies[key] = lab.copy()
    return True


def _restore(world: World, step: Step) -> bool:
    files = world.copies.get((f"{step.kind}_copy", HUB))
    if files is None or not world.hub.is_up:
        return False
    world.hub_was_put_back = True
    world.hub.rest_s = step.lasts
    world.hub.restore(files)
    return True


def _copy_back(world: World, step: Step) -> bool:
    """Not by the command: somebody just copies old files over the new ones."""
    files = world.copies.get((f"{step.kind}_copy", HUB))
    if files is None or not world.hub.is_up:
        return False
    world.hub_was_put_back = True
    world.hub.rest_s = step.lasts
    world.hub.restart_from(files)
    return True


def _turn_back(world: World, step: Step) -> bool:
    files = world.copies.get((f"{step.kind}_copy", step.who))
    lab = world.lab_of(step.who)
    if files is None or lab is None:
        return False
    world.put_back.add(lab.name)
    lab.rest_s = step.lasts
    lab.restart_from(files)
    return True


def _without_wal(world: World, step: Step) -> bool:
    """Somebody moves the hub, and takes only the file whose name is in the book."""
    if not world.hub.is_up:
        return False
    world.hub_was_put_back = True
    world.hub.rest_s = step.lasts
    world.hub.end()
    assert world.hub.disk.left is not None
    world.hub.disk.left.wal = b""
    return True


def _freeze(world: World, step: Step) -> bool:
    """The link meets it as well: see tests.simulation.link."""
    lab = world.lab_of(step.who)
    if lab is None:
        return False
    lab.is_frozen = True

    def thaw() -> None:
        lab.is_frozen = False

    world.loop.call_later(step.lasts, thaw)
    return True


def _damage(world: World, step: Step) -> bool:
    lab = world.lab_of(step.who)
    if lab is None or not lab.is_enrolled:
        return False
    world.put_back.add(lab.name)
    lab.rest_s = step.lasts
    before = lab.began_with
    lab.end()
    assert lab.disk.left is not None
    lab.disk.left = damaged(lab.disk.left, step.value, before, world.chance(f"damage {step.at}"))
    return True


def _clone(world: World, step: Step) -> bool:
    lab = world.lab_of(step.who)
    if lab is None or not lab.is_enrolled:
        return False
    clones = sum(other.district == step.who for other in world.labs)
    world.add_lab(step.who, lab.copy(), lab.name + "'" * clones).start()
    return True


def _lose_disk(world: World, step: Step) -> bool:
    lab = world.lab_of(step.who)
    if lab is None:
        return False
    world.put_back.add(lab.name)
    lab.switch_off()
    new = world.add_lab(step.who, an_empty_node(), after=lab)
    world.loop.call_later(step.lasts, new.start)
    world.loop.call_later(step.lasts + 1, functools.partial(invite_lab, world, new))
    return True


_DEEDS: dict[str, Callable[[World, Step], bool]] = {
    "kill": _kill,
    "power": _kill,
    "full": _fill_disk,
    "clock": _set_clock,
    "take_back": _take_back,
    "disable": _disable,
    "close": _close,
    "restore_copy": _copy,
    "copy_back_copy": _copy,
    "copy_back": _copy_back,
    "turn_back_copy": _copy,
    "restore": _restore,
    "turn_back": _turn_back,
    "without_wal": _without_wal,
    "freeze": _freeze,
    "damage": _damage,
    "clone": _clone,
    "lose_disk": _lose_disk,
}

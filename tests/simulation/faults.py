"""Which fault of the design is injected by which kind of step, or played by which test.

The numbers are those of the design's list of faults; 10, 12, 17, 19-21, 23, 24, 26 and 45-52 are
played by real processes, browsers and sockets elsewhere, and are not of this table.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    what: str
    kinds: tuple[str, ...] = ()
    """Of tests.simulation.plan.KINDS."""
    tests: tuple[str, ...] = ()
    """file::function, where no world can play it, or where every case is to be met."""


FAULTS = {
    1: Fault("a push is lost before the hub", ("loss",)),
    2: Fault("a push is applied, its answer is lost", ("loss",)),
    3: Fault("an answer comes after the time-out, and after the second try", ("late",)),
    4: Fault("batches come twice and out of order", ("twice", "held")),
    5: Fault("a body is cut off or changed on its way", ("garbled",)),
    6: Fault("a captive portal answers", ("portal",)),
    7: Fault("only one direction passes", ("cut",)),
    8: Fault("nodes are cut off for hours and come back at once", ("swizzle", "cut")),
    9: Fault("1 kB/s, long round trips and loss while videos are fetched", ("slow",)),
    11: Fault("links stop one by one and come back in another order", ("swizzle",)),
    13: Fault(
        "a node is killed at any statement",
        ("kill_node", "power_node"),
        ("simulation/test_statements.py::test_killed_at_any_statement_all_is_there_or_nothing",),
    ),
    14: Fault("the hub is killed between commit and answer", ("kill_hub", "power_hub")),
    15: Fault(
        "killed between the feed's items and its cursor",
        ("kill_node",),
        ("simulation/test_statements.py::test_killed_at_the_commit_all_is_there_or_nothing",),
    ),
    16: Fault("a node is frozen while its tasks go to others, and goes on", ("frozen",)),
    18: Fault(
        "the event loop is blocked, or a writer raises",
        ("frozen", "full_node"),
        ("node/test_uplink.py::test_a_bug_in_a_loop_is_logged_and_the_loop_goes_on",),
    ),
    22: Fault("a disk is full at any write", ("full_node", "full_hub")),
    25: Fault("pages are overwritten, a WAL is cut off or is another's", ("damaged",)),
    27: Fault("a node's data folder is put back to an earlier state", ("node_turned_back",)),
    28: Fault("a node's disk is lost, and it enrols again", ("disk_lost",)),
    29: Fault(
        "a cached video is cut off or changed",
        tests=(
            "node/test_verified.py::test_a_changed_file_is_noticed_at_once_whatever_its_time_says",
        ),
    ),
    30: Fault("a node's clock is off by hours or decades, and jumps", ("clock_node",)),
    31: Fault("the hub's clock jumps by an hour", ("clock_hub",)),
    32: Fault("a PC sleeps with a task on its screen", ("frozen",)),
    33: Fault("the hub is restored while nodes are ahead", ("hub_restored",)),
    34: Fault("the hub's files are copied back by hand", ("hub_copied_back",)),
    35: Fault("the hub's file is copied without its WAL", ("hub_without_wal",)),
    36: Fault("a node's disk image runs on two PCs", ("cloned",)),
    37: Fault(
        "a PC that was replaced comes back",
        tests=(
            "hub/test_credentials.py::"
            "test_the_pc_that_was_replaced_hands_in_its_last_marks_for_a_person_to_look_at",
        ),
    ),
    38: Fault("the trial ends while a node is away with marks of it", ("cut", "swizzle")),
    39: Fault(
        "a trial is ended twice, or there are formal marks",
        tests=(
            "hub/test_wipe_trial.py::test_wiping_twice_is_as_once",
            "hub/test_wipe_trial.py::test_a_formal_sitting_cannot_be_wiped",
        ),
    ),
    40: Fault("an account is disabled while its marker works offline", ("disable",)),
    41: Fault(
        "node and hub are of different versions",
        tests=(
            "hub/test_meeting.py::"
            "test_a_program_too_far_apart_gets_no_new_work_but_hands_in_its_marks",
            "hub/test_push.py::test_what_the_hub_cannot_use_is_kept_for_a_person",
        ),
    ),
    42: Fault(
        "a code is mistyped, used twice, too old, or its answer is lost",
        tests=(
            "hub/test_enrol.py::test_guessing_voids_the_code",
            "hub/test_enrol.py::test_a_used_code_admits_no_second_node",
            "hub/test_enrol.py::test_a_code_lasts_two_days",
            "hub/test_enrol.py::test_a_lost_answer_is_given_again_for_a_quarter_of_an_hour",
        ),
    ),
    43: Fault("a task is taken back while its mark is on the way", ("take_back",)),
    44: Fault(
        "a milestone is reached but for one silent node",
        tests=(
            "hub/test_milestones.py::"
            "test_nothing_is_announced_while_a_node_holds_events_or_is_silent",
        ),
    ),
}

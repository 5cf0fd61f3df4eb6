"""Edits by people: an instruction that is detected, recorded and respected."""

import pytest

from gitcanary.rollout.decision import Commit, Wait
from gitcanary.rollout.state import AT_REST, Action, Phase
from support.canaries import digest
from support.situations import idle_world, running_world, world_in
from support.world import World

A, P = Action, Phase
UNDERWAY = [phase for phase in Phase if phase not in AT_REST]
RESTING = sorted(AT_REST - {P.TERMINATED})
ROUTED = [phase for phase in UNDERWAY if phase is not P.INITIALIZING]


def edited(phase: Phase, weight: int) -> World:
    world = world_in(phase)
    world.write_weight(weight)
    world.step()
    return world


@pytest.mark.parametrize("phase", ROUTED)
@pytest.mark.parametrize("weight", [5, 70, 100])
def test_a_weight_that_a_person_wrote_is_held_with_commit_and_author(phase: Phase, weight: int) -> None:
    world = edited(phase, weight)
    was = world.log[-1].state.record.weight
    commit = world.branch.commits[-2].commit
    assert world.log[-1].line == (A.HOLD, weight, phase)
    assert world.record.hold.reason == f"weights edited in {commit[:7]}, {was} -> {weight}"
    assert (world.record.hold.commit, world.record.hold.by) == (commit, "Mia")
    assert world.record.weight == was


@pytest.mark.parametrize("phase", ROUTED)
def test_a_hold_waits_for_a_person_and_says_so(phase: Phase) -> None:
    world = edited(phase, 70)
    assert world.walk(3600) == []
    assert isinstance(world.last, Wait)
    assert (world.last.what, world.last.is_overdue) == ("person", True)
    assert "`resume` goes on from here" in world.last.why


@pytest.mark.parametrize("phase", ROUTED)
def test_weights_that_were_put_back_end_the_hold_and_nothing_else(phase: Phase) -> None:
    world = world_in(phase)
    was = world.record.weight
    world.request("pause")
    world.step()
    world.write_weight(70)
    world.step()
    world.request("promote" if phase in {P.WAITING, P.PROGRESSING, P.WAITING_PROMOTION} else "retry")
    world.write_weight(was)
    world.step()
    assert world.log[-1].line == (A.RESUME, was, phase)
    assert world.record.hold is None
    assert world.record.paused is not None
    assert world.record.request is not None


@pytest.mark.parametrize("phase", [P.PROGRESSING, P.WAITING_PROMOTION, P.PROMOTING])
def test_an_abort_ends_a_hold_too(phase: Phase) -> None:
    world = edited(phase, 70)
    world.request("abort")
    assert world.walk_to(P.FAILED)[-1] == (A.ROLLBACK, 0, P.FAILED)
    assert world.record.hold is None


@pytest.mark.parametrize("phase", ROUTED)
def test_a_resume_goes_on_to_the_end_from_the_weight_that_a_person_wrote(phase: Phase) -> None:
    world = edited(phase, 30)
    world.walk(60)
    world.request("resume")
    world.answers.clear()
    lines = world.walk_to(P.SUCCEEDED)
    assert lines[0] == (A.RESUME, 30, phase)
    assert not any(weight > 50 for _, weight, _ in lines)
    assert world.record.promoted[0].revision == digest("r2")


def test_a_weight_written_before_the_first_step_is_judged_and_goes_on() -> None:
    world = idle_world()
    world.push("r2")
    world.walk_to(P.PROGRESSING)
    world.write_weight(30)
    world.walk(60)
    world.request("resume")
    lines = world.walk_to(P.SUCCEEDED)
    assert [line for line in lines if line[0] is A.ADVANCE] == [
        (A.ADVANCE, 40, P.PROGRESSING),
        (A.ADVANCE, 50, P.PROGRESSING),
    ]


def test_a_weight_written_before_the_first_step_is_rolled_back_when_it_fails() -> None:
    world = idle_world()
    world.push("r2")
    world.walk_to(P.PROGRESSING)
    world.write_weight(30)
    world.bad.add(digest("r2"))
    assert world.walk_to(P.FAILED)[-1] == (A.ROLLBACK, 0, P.FAILED)


def test_a_weight_taken_away_by_a_person_is_held_too() -> None:
    world = running_world(20)
    world.write_weight(0)
    assert world.walk(60) == [(A.HOLD, 0, P.PROGRESSING)]
    world.request("resume")
    assert [weight for action, weight, _ in world.walk_to(P.SUCCEEDED) if action is A.ADVANCE] == [10, 20, 30, 40, 50]


@pytest.mark.parametrize("phase", ROUTED)
def test_an_edited_record_is_held(phase: Phase) -> None:
    world = world_in(phase)
    world.edit_record(failed_checks=2)
    world.step()
    assert world.log[-1].action is A.HOLD
    assert world.record.hold.reason == f"record edited in {world.branch.commits[-2].commit[:7]}"
    world.settle_down()
    assert not isinstance(world.last, Commit)


@pytest.mark.parametrize("phase", ROUTED)
@pytest.mark.parametrize("verb", ["pause", "dance"])
def test_a_request_or_a_quarantine_is_no_edit(phase: Phase, verb: str) -> None:
    world = world_in(phase)
    world.request(verb)
    world.walk(1)
    assert world.record.hold is None


@pytest.mark.parametrize("phase", RESTING)
def test_edits_at_rest_are_respected(phase: Phase) -> None:
    world = world_in(phase)
    world.walk(120)
    world.edit_record(failed_checks=2)
    world.write_weight(30)
    assert world.walk(1200) == []
    assert world.placed.weight == 30


@pytest.mark.parametrize("phase", RESTING)
def test_a_start_takes_away_the_weight_that_a_person_wrote_at_rest(phase: Phase) -> None:
    world = world_in(phase)
    world.walk(120)
    world.write_weight(30)
    world.walk(120)
    world.push("r3")
    lines = world.walk_to(P.SUCCEEDED) if phase is not P.SUCCEEDED else world.walk(1200)
    assert lines[0] == (A.START, 0, P.PROGRESSING)
    assert world.placed.primary == digest("r3")


def test_a_pause_at_rest_and_its_end_take_no_weight_into_the_record() -> None:
    world = world_in(P.SUCCEEDED)
    world.request("pause")
    world.write_weight(30)
    world.walk(60)
    world.request("resume")
    world.walk(60)
    assert (world.record.paused, world.record.weight) == (None, 0)


def test_a_failed_canary_keeps_its_pods_while_a_person_gives_it_traffic() -> None:
    world = world_in(P.FAILED)
    world.write_weight(30)
    assert world.walk(600) == []
    assert world.last.what == "person"
    world.write_weight(0)
    assert world.walk(600) == [(A.SCALE_DOWN, 0, P.FAILED)]


@pytest.mark.parametrize("phase", [P.SUCCEEDED, P.FAILED])
def test_a_number_of_replicas_that_a_person_wrote_on_an_idle_canary_stays_and_is_started_with(phase: Phase) -> None:
    world = world_in(phase)
    world.walk(120)
    world.write_replicas(3)
    assert world.walk(600) == []
    world.push("r3")
    world.walk_to(P.PROGRESSING)
    assert (world.placed.replicas, world.record.replicas) == (3, None)


def test_a_reverted_promotion_is_rolled_back_and_not_tried_again() -> None:
    world = running_world(50)
    world.walk_to(P.SUCCEEDED)
    promote = next(entry for entry in world.log if entry.action is A.PROMOTE)
    world.revert(promote)
    assert world.walk(3600) == [(A.ROLLBACK, 0, P.FAILED), (A.SCALE_DOWN, 0, P.FAILED)]
    assert world.record.quarantine[0].revision == digest("r2")
    assert world.record.quarantine[0].reason.startswith("its promotion was reverted in ")
    assert world.placed.primary == digest("r1")


def test_a_reverted_finish_puts_the_previous_values_back_first() -> None:
    world = running_world(50)
    world.walk_to(P.SUCCEEDED)
    finish = next(entry for entry in world.log if entry.action is A.FINISH)
    world.revert(finish)
    assert world.walk_to(P.FAILED) == [(A.ROLLBACK, 50, P.PROMOTING), (A.ROLLBACK, 0, P.FAILED)]
    assert world.placed.primary == digest("r1")


def test_going_back_is_reverted_too() -> None:
    world = running_world(50)
    world.walk_to(P.SUCCEEDED)
    world.walk(60)
    world.push("r1")
    world.walk(600)
    promote = [entry for entry in world.log if entry.action is A.PROMOTE][-1]
    world.revert(promote)
    world.target = digest("r1")
    assert world.walk(3600) == [(A.ROLLBACK, 0, P.FAILED)]
    assert world.placed.primary == digest("r2")


def test_a_missing_record_is_reported_and_nothing_is_done() -> None:
    world = running_world(20)
    world.record = None
    assert world.walk(3600) == []
    assert (world.last.what, world.last.is_overdue) == ("person", True)


@pytest.mark.parametrize("phase", RESTING)
def test_an_edited_record_at_rest_is_held_once_something_is_to_be_done(phase: Phase) -> None:
    world = world_in(phase)
    world.walk(120)
    world.edit_record(failed_checks=2)
    assert world.walk(600) == []
    world.push("r3")
    assert world.walk(600) == [(A.HOLD, 0, phase)]


@pytest.mark.parametrize("phase", ROUTED)
def test_an_adoption_takes_the_weight_that_stands_and_goes_on(phase: Phase) -> None:
    world = edited(phase, 30)
    world.request("adopt")
    world.step()
    assert world.log[-1].line == (A.ADOPT, 30, phase)
    assert (world.record.hold, world.record.weight, world.record.request) == (None, 30, None)
    assert (world.log[-1].commit.asked.by, world.log[-1].commit.asked.reason) == ("Mia", "because")
    world.answers.clear()
    world.walk_to(P.SUCCEEDED)
    assert world.record.promoted[0].revision == digest("r2")


@pytest.mark.parametrize("phase", ROUTED)
def test_who_asks_to_adopt_is_not_held_first(phase: Phase) -> None:
    world = world_in(phase)
    world.edit_record(failed_checks=2)
    world.write_weight(30)
    world.request("adopt")
    world.step()
    assert world.log[-1].line == (A.ADOPT, 30, phase)
    assert world.record.failed_checks == 0


@pytest.mark.parametrize("phase", list(Phase))
def test_there_is_nothing_to_adopt_where_all_is_as_recorded(phase: Phase) -> None:
    world = world_in(phase)
    world.request("adopt")
    world.step()
    assert (world.log[-1].action, world.record.answer) == (A.ANSWER, "nothing to adopt: all is as recorded")


def test_an_adoption_ends_no_pause() -> None:
    world = running_world(20)
    world.request("pause")
    world.step()
    world.write_weight(30)
    world.step()
    world.request("adopt")
    world.step()
    assert (world.record.hold, world.record.paused.by) == (None, "Mia")
    assert world.walk(600) == []

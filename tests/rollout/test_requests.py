"""What people ask for, in every phase."""

import pytest

from gitcanary.rollout.decision import Commit, Wait
from gitcanary.rollout.evidence import MetricQuestion
from gitcanary.rollout.spec import HookType
from gitcanary.rollout.state import Action, Phase, Verb
from support.canaries import digest, make_spec
from support.situations import idle_world, running_world, world_in
from support.world import GATES, World

A, P, V = Action, Phase, Verb
IDLE = (P.INITIALIZED, P.SUCCEEDED, P.FAILED, P.TERMINATED)
EARLY = (P.WAITING, P.PROGRESSING, P.WAITING_PROMOTION)
LATE = (P.INITIALIZING, P.FINALISING, *IDLE)


def ask(phase: Phase, verb: str) -> World:
    """Return a world in this phase, in which a person asked for something, a moment later."""
    world = world_in(phase)
    world.request(verb)
    world.step()
    return world


@pytest.mark.parametrize("phase", list(Phase))
def test_a_pause_acts_at_once_in_every_phase(phase: Phase) -> None:
    world = ask(phase, V.PAUSE)
    assert world.log[-1].line == (A.PAUSE, world.placed.weight or 0, phase)
    assert (world.record.paused.by, world.record.paused.reason, world.record.request) == ("Mia", "because", None)


@pytest.mark.parametrize("phase", list(Phase))
def test_a_second_pause_is_answered(phase: Phase) -> None:
    world = ask(phase, V.PAUSE)
    world.request(V.PAUSE)
    world.step()
    assert (world.log[-1].action, world.record.answer) == (A.ANSWER, "already paused")


@pytest.mark.parametrize("phase", EARLY)
def test_an_abort_rolls_back_at_once(phase: Phase) -> None:
    world = ask(phase, V.ABORT)
    assert world.log[-1].line == (A.ROLLBACK, 0, P.FAILED)
    assert world.record.quarantine[0].revision == digest("r2")


@pytest.mark.parametrize("phase", EARLY)
def test_an_abort_does_not_wait_for_what_is_pending(phase: Phase) -> None:
    world = world_in(phase)
    world.is_syncing = world.is_seen = False
    world.request(V.ABORT)
    assert world.walk(1) == [(A.ROLLBACK, 0, P.FAILED)]


def test_an_abort_of_a_promotion_puts_the_previous_values_back_first() -> None:
    world = ask(P.PROMOTING, V.ABORT)
    assert world.log[-1].line == (A.ROLLBACK, 50, P.PROMOTING)
    assert world.placed.primary == digest("r1")
    assert world.walk_to(P.FAILED) == [(A.ROLLBACK, 0, P.FAILED)]


def test_an_abort_ends_a_restoration_that_does_not_get_ready() -> None:
    world = ask(P.PROMOTING, V.ABORT)
    world.crashing[digest("r1")] = world.now
    assert world.walk(7200) == []
    assert isinstance(world.last, Wait)
    assert world.last.is_overdue
    world.request(V.ABORT)
    assert world.walk(1) == [(A.ROLLBACK, 0, P.FAILED)]


@pytest.mark.parametrize("phase", LATE)
def test_an_abort_makes_no_sense_where_nothing_runs(phase: Phase) -> None:
    world = ask(phase, V.ABORT)
    assert (world.log[-1].action, world.record.request) == (A.ANSWER, None)
    assert world.record.answer == f"nothing to abort while {phase}"
    assert world.record.phase is phase


@pytest.mark.parametrize("verb", [V.PROMOTE, V.SKIP_ANALYSIS])
@pytest.mark.parametrize("phase", [P.PROMOTING, *LATE])
def test_there_is_nothing_to_promote_but_in_a_rollout(phase: Phase, verb: Verb) -> None:
    world = ask(phase, verb)
    assert (world.log[-1].action, world.record.request) == (A.ANSWER, None)
    assert world.record.answer == f"nothing to promote while {phase}"


@pytest.mark.parametrize("verb", [V.PROMOTE, V.SKIP_ANALYSIS])
@pytest.mark.parametrize("phase", EARLY)
def test_a_promotion_on_request_skips_steps_and_gates(phase: Phase, verb: Verb) -> None:
    world = world_in(phase)
    world.answers = {one.value: 403 for one in GATES}
    world.request(verb)
    lines = world.walk_to(P.PROMOTING)
    assert [action for action, _, _ in lines if action is A.ADVANCE] == []
    assert lines[-1][0] is A.PROMOTE
    assert world.record.request is None
    assert "on request" in world.log[-1].commit.reason


@pytest.mark.parametrize("verb", [V.PROMOTE, V.SKIP_ANALYSIS])
def test_a_promotion_on_request_waits_until_the_pending_commit_is_live(verb: Verb) -> None:
    world = running_world(20)
    world.walk_until(lambda: world.placed.weight == 30)
    world.is_syncing = False
    world.request(verb)
    assert world.walk(600) == []
    world.resume_sync()
    assert world.walk(600)[0] == (A.PROMOTE, 30, P.PROMOTING)


def test_a_promotion_on_request_needs_a_check_that_passes() -> None:
    world = running_world(20)
    world.says = {"request-duration": None}
    world.request(V.PROMOTE)
    assert world.walk(600) == []
    world.says = {}
    assert world.walk_to(P.PROMOTING) == [(A.PROMOTE, 20, P.PROMOTING)]
    assert [metric.verdict for metric in world.record.evidence.metrics] == ["pass", "pass"]


def test_a_promotion_by_readiness_needs_no_metric_but_readiness() -> None:
    world = running_world(20)
    world.says = {"request-duration": None}
    world.crashing[digest("r1")] = world.now
    world.request(V.SKIP_ANALYSIS)
    assert world.walk(600) == []
    world.crashing.clear()
    assert world.walk(60)[0] == (A.PROMOTE, 20, P.PROMOTING)


def test_a_failing_check_beats_a_promotion_on_request() -> None:
    world = running_world(20, spec=make_spec(threshold=1))
    world.bad.add(digest("r2"))
    world.request(V.PROMOTE)
    assert world.walk_to(P.FAILED) == [(A.ROLLBACK, 0, P.FAILED)]
    assert world.record.request is None


@pytest.mark.parametrize("verb", [V.PROMOTE, V.SKIP_ANALYSIS])
@pytest.mark.parametrize("phase", EARLY)
def test_a_promotion_that_was_asked_for_one_revision_is_not_given_to_the_next(phase: Phase, verb: Verb) -> None:
    world = world_in(phase)
    world.answers = {}
    world.request(verb)
    world.push("r3")
    world.walk_to(P.SUCCEEDED)
    assert [entry.weight for entry in world.log if entry.commit.record.revision == digest("r3")][-8:-3] == [
        10, 20, 30, 40, 50,
    ]  # fmt: skip
    assert world.placed.primary == digest("r3")
    assert "another revision" in world.record.answer


@pytest.mark.parametrize("phase", EARLY)
def test_a_pause_stops_a_promotion_on_request(phase: Phase) -> None:
    world = ask(phase, V.PAUSE)
    world.answers = {}
    world.request(V.PROMOTE)
    assert world.walk(1200) == []
    assert world.record.request.verb == V.PROMOTE


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not P.INITIALIZING])
def test_a_resume_ends_a_pause_where_it_stood(phase: Phase) -> None:
    world = ask(phase, V.PAUSE)
    world.answers = {}
    finished = [(A.FINISH, 0, P.FINALISING)] if phase is P.PROMOTING else []
    assert world.walk(300) == finished
    phase = world.record.phase
    world.request(V.RESUME)
    world.step()
    assert world.log[-1].line == (A.RESUME, world.placed.weight, phase)
    assert (world.record.paused, world.record.request) == (None, None)


def test_a_resume_waits_until_the_pending_commit_is_live() -> None:
    world = ask(P.PROMOTING, V.PAUSE)
    world.is_syncing = False
    world.request(V.RESUME)
    assert world.walk(600) == []
    assert world.record.request.verb == V.RESUME
    world.resume_sync()
    assert world.walk(60)[0] == (A.RESUME, 50, P.PROMOTING)


def test_a_resume_that_waits_outlives_a_rollback() -> None:
    world = running_world(20)
    world.request(V.PAUSE)
    world.walk(1)
    world.is_syncing = False
    world.write_replicas(3)
    world.request(V.RESUME)
    world.bad.add(digest("r2"))
    world.walk_to(P.FAILED)
    assert world.record.paused is not None
    world.resume_sync()
    world.walk(60)
    assert (world.record.paused, world.record.request) == (None, None)


@pytest.mark.parametrize("phase", list(Phase))
def test_a_resume_makes_no_sense_where_nothing_is_stopped(phase: Phase) -> None:
    world = ask(phase, V.RESUME)
    assert (world.log[-1].action, world.record.answer) == (A.ANSWER, "neither paused nor held")


def test_a_retry_takes_the_revision_out_of_the_quarantine_and_starts_it() -> None:
    world = world_in(P.FAILED)
    world.walk(120)
    world.bad.clear()
    world.request(V.RETRY)
    lines = world.walk_to(P.SUCCEEDED)
    assert lines[:2] == [(A.RESUME, 0, P.FAILED), (A.START, 0, P.PROGRESSING)]
    assert world.record.quarantine == ()


@pytest.mark.parametrize("phase", IDLE)
def test_a_retry_of_what_is_not_in_the_quarantine_is_answered(phase: Phase) -> None:
    world = world_in(phase)
    world.push("r1" if phase is P.FAILED else "r2")
    world.request(V.RETRY)
    world.step()
    assert (world.log[-1].action, world.record.request) == (A.ANSWER, None)
    assert world.record.answer == "the present revision is not in the quarantine"


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in IDLE])
def test_a_retry_waits_until_the_canary_is_idle(phase: Phase) -> None:
    world = world_in(phase)
    world.request(V.RETRY)
    world.step()
    assert world.record.request is None or world.record.request.verb == V.RETRY
    assert world.log[-1].action is not A.ANSWER
    world.answers = {}
    world.walk(3600)
    assert world.record.request is None


@pytest.mark.parametrize("phase", list(Phase))
def test_what_nobody_knows_is_answered_with_what_there_is(phase: Phase) -> None:
    world = ask(phase, "dance")
    assert world.log[-1].action is A.ANSWER
    assert (
        world.record.answer == "no such request; there are pause, resume, promote, abort, retry, skip-analysis, adopt"
    )
    assert world.record.phase is phase


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("verb", [*Verb, "dance"])
def test_no_request_is_asked_about_twice_or_makes_commits_without_end(phase: Phase, verb: str) -> None:
    world = ask(phase, verb)
    world.settle_down()
    assert not isinstance(world.last, Commit)


def test_checks_go_on_in_a_pause() -> None:
    world = running_world(20, spec=make_spec(HookType.ROLLOUT))
    world.request(V.PAUSE)
    world.walk(30)
    asked = len(world.asked)
    world.walk(300)
    names = {question.metric.name for _, question in world.asked[asked:] if isinstance(question, MetricQuestion)}
    assert names == {"request-success-rate", "request-duration"}
    assert world.record.failed_checks == 0


def test_nothing_starts_in_a_pause() -> None:
    world = idle_world()
    world.request(V.PAUSE)
    world.walk(10)
    world.push("r2")
    assert world.walk(600) == []

"""Workloads that do not become ready, and promotions that fail."""

from datetime import timedelta

import pytest

from gitcanary.rollout.decision import Commit, Wait
from gitcanary.rollout.evidence import Evidence, LiveStatus
from gitcanary.rollout.state import Action, Observed, Phase, Placed, SeenLive, SeenReady
from support.canaries import at, digest, make_spec
from support.cases import decide, make_live, make_record, make_state
from support.situations import idle_world, running_world, world_in

A, P = Action, Phase
SPEC = make_spec(metrics=())


def record_in(phase: Phase, **changes: object) -> object:
    weight = 50 if phase is P.PROMOTING else 20
    return make_record(**({"phase": phase, "weight": weight} | changes))


@pytest.mark.parametrize("phase", [P.PROGRESSING, P.WAITING_PROMOTION, P.PROMOTING])
@pytest.mark.parametrize(("now", "is_late"), [(609, False), (610, True)])
def test_a_live_canary_has_until_the_deadline_to_become_ready(phase: Phase, now: float, is_late: bool) -> None:
    state = make_state(record_in(phase))
    live = make_live(state, canary_ready=False, not_ready_since=at(-100))
    decision, _ = decide(SPEC, state, Evidence(at(now), live))
    assert (isinstance(decision, Commit) and decision.action is A.ROLLBACK) is is_late
    assert not is_late or decision.record.is_quarantined(digest("r2"))


@pytest.mark.parametrize(("since", "is_late"), [(-100, True), (100, True), (101, False), (690, False)])
def test_the_deadline_counts_from_when_it_was_not_ready_any_more(since: float, is_late: bool) -> None:
    state = make_state()
    live = make_live(state, canary_ready=False, not_ready_since=at(since))
    decision, _ = decide(SPEC, state, Evidence(at(700), live))
    assert isinstance(decision, Commit) is is_late


@pytest.mark.parametrize(
    "changes",
    [
        {"status": LiveStatus.PENDING, "placed": Placed(0, digest("r1"), digest("r1"), 2)},
        {"status": LiveStatus.PENDING, "placed": None, "commit": None},
        {"canary_ready": None},
        {"canary_ready": True},
    ],
)
def test_what_is_not_this_canary_live_and_not_ready_has_no_deadline(changes: dict[str, object]) -> None:
    state = make_state()
    live = make_live(state, **({"canary_ready": False, "not_ready_since": at(-5000)} | changes))
    decision, _ = decide(SPEC, state, Evidence(at(5000), live))
    assert not isinstance(decision, Commit) or decision.action is A.ADVANCE


@pytest.mark.parametrize("phase", [P.PROGRESSING, P.WAITING_PROMOTION])
def test_a_primary_that_is_not_ready_in_mid_run_stops_it_and_never_rolls_it_back(phase: Phase) -> None:
    state = make_state(record_in(phase))
    live = make_live(state, primary_ready=False, not_ready_since=at(-100))
    decision, _ = decide(SPEC, state, Evidence(at(5000), live))
    assert isinstance(decision, Wait)
    assert (decision.why, decision.is_overdue) == ("the primary is not ready", True)


def test_the_time_that_the_primary_was_not_ready_is_not_held_against_the_canary() -> None:
    state = make_state()
    live = make_live(state, primary_ready=False, canary_ready=False, not_ready_since=at(-100))
    decision, _ = decide(SPEC, state, Evidence(at(5000), live))
    assert isinstance(decision, Wait)


@pytest.mark.parametrize(
    ("weight", "was_ready", "is_late"), [(0, False, True), (0, None, True), (0, True, False), (20, None, False)]
)
def test_a_canary_that_was_ready_before_is_not_late_where_nobody_says_since_when(
    weight: int,
    was_ready: bool | None,
    is_late: bool,
) -> None:
    seen = SeenLive("c" * 40, at(10), weight, "world", "applied")
    observed = Observed(at(0), live=seen, ready=None if was_ready is None else SeenReady(True, was_ready))
    state = make_state(make_record(weight=weight, evidence=observed))
    live = make_live(state, canary_ready=False, not_ready_since=None)
    decision, _ = decide(SPEC, state, Evidence(at(5000), live))
    assert isinstance(decision, Commit) is is_late


@pytest.mark.parametrize(("now", "is_late"), [(609, False), (610, True)])
def test_a_promoted_primary_has_until_the_deadline_to_become_ready(now: float, is_late: bool) -> None:
    state = make_state(record_in(P.PROMOTING))
    live = make_live(state, primary_ready=False)
    decision, _ = decide(SPEC, state, Evidence(at(now), live))
    assert isinstance(decision, Commit) is is_late
    if is_late:
        assert (decision.action, decision.weight) == (A.ROLLBACK, None)
        assert (decision.record.phase, decision.record.weight) == (P.PROMOTING, 50)
        assert decision.primary.revision == digest("r1")
        assert decision.record.restoring == "primary not ready within 600 s"
        assert decision.record.is_quarantined(digest("r2"))


def test_a_promotion_that_is_not_live_has_no_deadline() -> None:
    world = world_in(P.PROMOTING)
    world.is_syncing = False
    world.crashing[digest("r2")] = world.now
    assert world.walk(7200) == []


def test_a_canary_that_fails_while_it_is_promoted_is_undone() -> None:
    world = world_in(P.PROMOTING)
    world.crashing[digest("r2")] = world.now
    world.bad.add(digest("r2"))
    lines = world.walk_to(P.FAILED)
    assert lines == [
        (A.HALT, 50, P.PROMOTING),
        (A.HALT, 50, P.PROMOTING),
        (A.ROLLBACK, 50, P.PROMOTING),
        (A.ROLLBACK, 0, P.FAILED),
    ]


def test_a_restored_primary_that_is_not_ready_keeps_its_traffic_away() -> None:
    world = world_in(P.PROMOTING)
    world.crashing = {digest("r1"): world.now, digest("r2"): world.now}
    world.walk_until(lambda: world.record.restoring is not None)
    assert world.walk(600) == []
    assert world.walk(600) == []
    assert (world.last.what, world.last.is_overdue, world.placed.weight) == ("ready", True, 50)
    world.crashing.clear()
    assert world.walk_to(P.FAILED) == [(A.ROLLBACK, 0, P.FAILED)]


@pytest.mark.parametrize("is_stuck", [True, False])
def test_nothing_is_counted_any_more_once_a_rollback_is_under_way(is_stuck: bool) -> None:
    world = world_in(P.PROMOTING) if is_stuck else running_world(20)
    world.bad.add(digest("r2"))
    world.request("abort")
    world.step()
    world.is_syncing = is_stuck
    world.crashing[digest("r1")] = world.now
    lines = [entry.line for entry in world.log]
    world.walk(1200)
    assert [entry.line for entry in world.log] == lines


def test_the_restoration_says_why_until_the_end() -> None:
    world = world_in(P.PROMOTING)
    world.crashing[digest("r2")] = world.now
    world.walk_to(P.FAILED)
    assert {entry.commit.reason for entry in world.log[-2:]} == {"primary not ready within 600 s"}
    assert (world.record.restoring, world.record.failed_checks) == (None, 0)


def test_a_new_revision_after_a_failed_promotion_starts() -> None:
    world = world_in(P.PROMOTING)
    world.crashing[digest("r2")] = world.now
    world.walk_to(P.FAILED)
    world.push("r3")
    world.walk_to(P.SUCCEEDED)
    assert world.placed.primary == digest("r3")


def test_a_canary_that_is_never_ready_asks_no_webhook_and_no_metric() -> None:
    world = idle_world()
    world.unready[digest("r2")] = world.now
    world.push("r2")
    world.walk(599)
    assert world.asked == []


def test_an_unready_canary_with_weight_is_judged_by_its_checks_first() -> None:
    world = running_world(20)
    world.unready[digest("r2")] = world.now
    world.bad.add(digest("r2"))
    begun = world.now
    world.walk_to(P.FAILED)
    assert world.now - begun < timedelta(seconds=200)
    assert "request-success-rate" in world.log[-1].commit.reason


def test_nothing_starts_while_the_primary_is_not_ready() -> None:
    world = idle_world()
    world.crashing[digest("r1")] = world.now
    world.push("r2")
    assert world.walk(3600) == []
    assert world.last.why == "the primary is not ready"

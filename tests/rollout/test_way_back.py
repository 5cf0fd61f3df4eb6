"""Nothing holds up the way back: no pause, hold, suspension, closed gate, pending commit or jumping clock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gitcanary.rollout.spec import HookType
from gitcanary.rollout.state import Action, Phase
from support.canaries import digest, hook, make_spec
from support.situations import idle_world, running_world, world_in
from support.world import GATES, World

A, P = Action, Phase
BACK = (A.ROLLBACK, 0, P.FAILED)


def suspend(world: World) -> None:
    world.is_suspended = True


def pause(world: World) -> None:
    world.request("pause")


def pause_and_resume(world: World) -> None:
    world.request("pause")
    world.walk(1)
    world.is_syncing = False
    world.write_replicas(3)
    world.request("resume")


def hold_weight(world: World) -> None:
    world.write_weight(70)


def hold_record(world: World) -> None:
    world.edit_record(failed_checks=0)


def close_gates(world: World) -> None:
    world.answers.update({gate.value: 403 for gate in GATES})


def lose_gates(world: World) -> None:
    world.answers.update({gate.value: None for gate in GATES})


def leave_pending(world: World) -> None:
    world.is_syncing = False
    world.write_replicas(3)


def lose_primary(world: World) -> None:
    world.crashing[digest("r1")] = world.now


def ask_to_promote(world: World) -> None:
    world.request("promote")


def ask_nonsense(world: World) -> None:
    world.request("dance")


def date_ahead(world: World) -> None:
    ahead = world.now + timedelta(hours=1)
    evidence = replace(world.record.evidence, observed_at=ahead, checked_at=ahead)
    world.remember(since=ahead, clean_since=ahead, evidence=evidence)


STOPS = [
    suspend, pause, pause_and_resume, hold_weight, hold_record, close_gates, lose_gates, leave_pending,
    lose_primary, ask_to_promote, ask_nonsense, date_ahead,
]  # fmt: skip


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("threshold", [1, 3])
def test_a_canary_that_fails_is_rolled_back_whatever_stops_it(stop: Callable[[World], None], threshold: int) -> None:
    world = running_world(20, spec=make_spec(*GATES, threshold=threshold))
    stop(world)
    world.bad.add(digest("r2"))
    begun = world.now
    lines = world.walk_to(P.FAILED)
    assert lines[-1] == BACK
    assert all(weight in {20, 70} for _, weight, _ in lines[:-1])
    assert world.now - begun <= timedelta(seconds=15 + 30 * (1 + threshold) + 30)


@pytest.mark.parametrize("stop", STOPS)
def test_a_canary_that_fails_before_its_promotion_is_rolled_back_whatever_stops_it(
    stop: Callable[[World], None],
) -> None:
    world = world_in(P.WAITING_PROMOTION)
    stop(world)
    world.bad.add(digest("r2"))
    assert world.walk_to(P.FAILED)[-1] == BACK


@pytest.mark.parametrize("stop", [suspend, pause, hold_weight, hold_record, close_gates, leave_pending])
def test_a_failed_promotion_is_undone_whatever_stops_it(stop: Callable[[World], None]) -> None:
    world = world_in(P.PROMOTING)
    stop(world)
    world.bad.add(digest("r2"))
    world.crashing[digest("r2")] = world.now
    lines = world.walk_until(lambda: world.record.restoring is not None)
    assert lines[-1] == (A.ROLLBACK, 50 if stop is not hold_weight else 70, P.PROMOTING)
    if not world.is_syncing:
        world.resume_sync()
    assert world.walk_to(P.FAILED)[-1] == BACK


@pytest.mark.parametrize("stop", [suspend, pause, hold_weight, close_gates, leave_pending])
@pytest.mark.parametrize("weight", [0, 20])
def test_a_rollback_webhook_is_heard_whatever_stops_the_canary(weight: int, stop: Callable[[World], None]) -> None:
    spec = make_spec(hook(HookType.ROLLBACK, "big-red-button"), HookType.CONFIRM_TRAFFIC_INCREASE)
    world = idle_world(spec=spec, answers={"confirm-traffic-increase": 403 if weight == 0 else 200})
    world.push("r2")
    world.walk_to(P.PROGRESSING) if weight == 0 else world.walk_to_weight(weight)
    world.walk(45)
    if not (stop is leave_pending and weight == 0):
        stop(world)
    world.walk(45)
    world.answers["big-red-button"] = 200
    assert world.walk_to(P.FAILED)[-1] == BACK
    assert world.log[-1].commit.reason == "asked for by big-red-button"


@pytest.mark.parametrize("stop", [suspend, pause, hold_weight, hold_record])
@pytest.mark.parametrize("name", ["r1", "r3"])
def test_another_revision_takes_the_weight_whatever_stops_the_canary(name: str, stop: Callable[[World], None]) -> None:
    world = running_world(20)
    stop(world)
    world.walk(1)
    world.push(name)
    assert world.walk(1)[0][:2] == (A.FINISH if name == "r1" else A.RESTART, 0)


@pytest.mark.parametrize("stop", [suspend, pause, hold_weight, hold_record, leave_pending])
def test_a_deleted_canary_is_rolled_back_whatever_stops_it(stop: Callable[[World], None]) -> None:
    world = running_world(20)
    stop(world)
    world.is_deleted = True
    assert world.walk(1) == [(A.ROLLBACK, 0, P.TERMINATED)]


@pytest.mark.parametrize("stop", [suspend, pause])
def test_what_stops_a_canary_stops_every_step_forward(stop: Callable[[World], None]) -> None:
    world = running_world(20)
    stop(world)
    world.walk(1)
    assert world.walk(3600) == []
    assert world.placed.weight == 20


@pytest.mark.parametrize("stop", [suspend, pause])
def test_what_stops_a_canary_at_weight_0_begins_nothing(stop: Callable[[World], None]) -> None:
    world = idle_world(spec=make_spec(HookType.PRE_ROLLOUT))
    world.push("r2")
    world.walk_to(P.PROGRESSING)
    stop(world)
    world.walk(1)
    assert world.walk(3600) == []
    assert world.asked == []


@pytest.mark.parametrize("is_syncing", [True, False])
def test_a_clock_that_jumped_ahead_and_came_back_holds_up_no_rollback(is_syncing: bool) -> None:
    world = running_world(20)
    world.is_syncing = is_syncing
    world.walk(45)
    date_ahead(world)
    world.bad.add(digest("r2"))
    begun = world.now
    assert world.walk_to(P.FAILED)[-1] == BACK
    assert world.now - begun <= timedelta(minutes=3)


def test_a_clock_that_is_behind_judges_nobody_by_what_was_measured_before_its_time() -> None:
    world = running_world(20)
    world.says = {"request-success-rate": 1.0}
    world.asked.clear()
    world.now -= timedelta(hours=1)
    assert world.walk(1200) == []
    assert world.asked == []

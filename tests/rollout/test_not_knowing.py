"""Not knowing: no advance and no rollback, whatever cannot be asked or is not live."""

from datetime import timedelta

import pytest

from gitcanary.rollout.decision import For, Wait
from gitcanary.rollout.evidence import HookQuestion, MetricQuestion
from gitcanary.rollout.spec import HookType, OnNoData
from gitcanary.rollout.state import Action, Phase
from support.canaries import INTERVAL, STEPS, digest, make_spec
from support.situations import idle_world, running_world

A, P = Action, Phase
STARTED = (A.START, 0, P.PROGRESSING)
ADVANCED = [(A.ADVANCE, weight, P.PROGRESSING) for weight in STEPS]
PROMOTED = (A.PROMOTE, 50, P.PROMOTING)
FINISHED = [(A.FINISH, 0, P.FINALISING), (A.SCALE_DOWN, 0, P.SUCCEEDED)]
ROLLED_BACK = (A.ROLLBACK, 0, P.FAILED)


def test_what_is_live_is_rolled_back_while_the_next_weight_is_pending() -> None:
    world = running_world(20)
    world.walk_until(lambda: world.placed.weight == 30)
    world.is_syncing = False
    world.bad.add(digest("r2"))
    assert world.walk(600) == [(A.HALT, 30, P.PROGRESSING), (A.HALT, 30, P.PROGRESSING), ROLLED_BACK]
    assert {entry.evidence.live.status for entry in world.log[-3:]} == {"pending"}


def test_a_closed_sync_window_moves_nothing_and_is_overdue() -> None:
    world = running_world(20)
    world.is_syncing = False
    world.walk_until(lambda: world.placed.weight == 30)
    assert world.walk(3600) == []
    assert isinstance(world.last, Wait)
    assert (world.last.what, world.last.is_overdue) == (For.LIVE, True)
    world.resume_sync()
    assert world.walk(1200) == [*ADVANCED[3:], PROMOTED, *FINISHED]


@pytest.mark.parametrize("said", ["refused", None, float("nan"), float("inf"), "several series"])
def test_an_outage_of_the_metrics_moves_nothing(said: float | str | None) -> None:
    world = running_world(20)
    world.says = {"request-success-rate": said}
    assert world.walk(10 * INTERVAL.total_seconds()) == []
    assert (world.placed.weight, world.record.failed_checks) == (20, 0)
    world.walk(600)
    assert isinstance(world.last, Wait)
    assert (world.last.what, world.last.is_overdue) == (For.DATA, True)


@pytest.mark.parametrize("status", [None, 301, 408, 429, 502, 503, 504])
def test_a_load_tester_that_does_not_answer_moves_nothing(status: int | None) -> None:
    world = running_world(20, spec=make_spec(HookType.ROLLOUT))
    world.answers["rollout"] = status
    assert world.walk(10 * INTERVAL.total_seconds()) == []
    assert (world.placed.weight, world.record.failed_checks) == (20, 0)


def test_no_data_is_a_failed_check_where_the_spec_wants_that() -> None:
    world = running_world(20, spec=make_spec(on_no_data=OnNoData.FAIL))
    world.says = {"request-duration": None}
    assert world.walk(600)[-2:] == [ROLLED_BACK, (A.SCALE_DOWN, 0, P.FAILED)]
    assert "request-duration has no data (inconclusive)" in world.log[-2].commit.reason


def test_no_data_stops_no_first_advance_but_every_other() -> None:
    world = idle_world(says={"request-success-rate": None, "request-duration": None})
    world.push("r2")
    assert world.walk(1200) == [STARTED, ADVANCED[0]]
    assert not any(isinstance(question, MetricQuestion) for when, question in world.asked if when <= world.log[-1].at)


def test_a_slow_load_test_holds_up_its_check_and_no_other_ever_overtakes_it() -> None:
    world = running_world(20, spec=make_spec(HookType.ROLLOUT), delays={"rollout": timedelta(seconds=70)})
    assert world.walk_to(P.SUCCEEDED) == [*ADVANCED[2:], PROMOTED, *FINISHED]
    calls = [question.key for _, question in world.asked if isinstance(question, HookQuestion)]
    assert len(calls) == len(set(calls))

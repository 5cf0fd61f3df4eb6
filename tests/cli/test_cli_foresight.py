"""Foresight: only time passes, and the world stays as it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gitcanary.cli.foresight import AssumedHooks, Foreseen, World, foresee
from gitcanary.rollout.consider import consider
from gitcanary.rollout.decision import Commit, For, Wait
from gitcanary.rollout.evidence import HookQuestion, Live, LiveStatus, MetricAnswer
from gitcanary.rollout.spec import HookType
from gitcanary.rollout.state import Action, Phase
from support.canaries import DAWN, at, hook, make_spec, metric
from support.situations import running_world
from support.world import World as Told


def foresee_in(told: Told, **values: float | None) -> Foreseen:
    """Foresee the next decision of a world in which a weight was just seen live."""
    state = told.state
    live = Live(LiveStatus.APPLIED, "agent", state.awaited.commit, told.now, state.placed, None, True, True)
    answers = {
        each: MetricAnswer(told.now, values.get(each.name.replace("-", "_"), 100.0)) for each in told.spec.metrics
    }
    return foresee(lambda evidence: consider(told.spec, state, evidence), World(live, answers), told.now)


def test_time_passes_until_the_check_that_approves() -> None:
    told = running_world(20)
    foreseen = foresee_in(told)
    assert isinstance(foreseen.decision, Commit)
    assert (foreseen.decision.action, foreseen.decision.weight) == (Action.ADVANCE, 30)
    lasts = told.spec.settle + max(each.window for each in told.spec.metrics)
    assert told.now + lasts <= foreseen.at <= told.now + lasts + told.spec.interval


def test_a_value_that_stays_bad_is_foreseen_as_a_halt() -> None:
    foreseen = foresee_in(running_world(20), request_duration=612.0)
    assert isinstance(foreseen.decision, Commit)
    assert foreseen.decision.action is Action.HALT


def test_what_more_than_time_has_to_end_is_told_at_once() -> None:
    told = running_world(20)
    state = replace(told.state)
    pending = Live(LiveStatus.PENDING, "agent", reason="it applies another")
    foreseen = foresee(lambda evidence: consider(told.spec, state, evidence), World(pending, {}), told.now)
    assert isinstance(foreseen.decision, Wait)
    assert (foreseen.decision.what, foreseen.at) == (For.LIVE, told.now)


def test_missing_data_is_waited_for_by_nobody() -> None:
    foreseen = foresee_in(running_world(20), request_duration=None)
    assert isinstance(foreseen.decision, Wait)
    assert foreseen.decision.what is For.DATA


def test_a_wait_without_end_is_given_up() -> None:
    steps = (Wait(For.CHECK, "the next check", at(seconds)) for seconds in range(1, 10_000))
    foreseen = foresee(lambda _: next(steps), World(Live(LiveStatus.APPLIED, "agent"), {}), DAWN)
    assert isinstance(foreseen.decision, Wait)
    assert foreseen.at < DAWN + timedelta(seconds=1000)


@pytest.mark.parametrize("kind", HookType)
def test_webhooks_are_taken_to_let_the_rollout_go_on(kind: HookType) -> None:
    told = running_world(20)
    told.spec = make_spec(hook(kind), metrics=(metric(),))
    foreseen = foresee_in(told)
    assert isinstance(foreseen.decision, Commit)
    assert foreseen.decision.action is Action.ADVANCE
    question = HookQuestion("test", "podinfo", "sha256:1", Phase.PROGRESSING, hook(kind), DAWN, "key")
    assert AssumedHooks().call(question).status == (403 if kind is HookType.ROLLBACK else 200)

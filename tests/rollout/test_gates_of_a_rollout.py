"""Gates: where they stand, what closes them, and what is noted."""

from datetime import timedelta

import pytest

from gitcanary.rollout.decision import For, Wait
from gitcanary.rollout.evidence import HookQuestion
from gitcanary.rollout.spec import HookType
from gitcanary.rollout.state import Action, Phase
from support.canaries import digest, make_spec
from support.situations import idle_world, running_world, world_in
from support.world import GATES, World

A, P, H = Action, Phase, HookType

WAITS = {
    H.CONFIRM_ROLLOUT: (A.WAIT, 0, P.WAITING),
    H.CONFIRM_TRAFFIC_INCREASE: (A.WAIT, 0, P.PROGRESSING),
    H.CONFIRM_PROMOTION: (A.WAIT, 50, P.WAITING_PROMOTION),
}


def gated(gate: HookType, status: int | None) -> World:
    """Return a world that rolls out r2 behind a gate that answers so."""
    world = idle_world(spec=make_spec(gate), answers={gate.value: status})
    world.push("r2")
    return world


def asked(world: World) -> list[HookQuestion]:
    return [question for _, question in world.asked if isinstance(question, HookQuestion)]


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_that_closes_is_noted_once_with_its_phase(gate: HookType) -> None:
    world = gated(gate, 403)
    lines = world.walk(1800)
    assert [line for line in lines if line[0] is A.WAIT] == [WAITS[gate]]
    assert lines[-1] == WAITS[gate]
    assert (world.record.waiting.gate, world.last.what) == (gate, For.GATE)


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("status", [None, 302, 429, 503])
def test_a_gate_that_was_not_reached_is_no_commit_and_no_move(gate: HookType, status: int | None) -> None:
    world = gated(gate, status)
    lines = world.walk(1800)
    assert A.WAIT not in {action for action, _, _ in lines}
    assert world.record.phase is (P.INITIALIZED if gate is H.CONFIRM_ROLLOUT else P.PROGRESSING)
    assert A.PROMOTE not in {action for action, _, _ in lines}
    assert isinstance(world.last, Wait)
    assert "could not be asked" in world.last.why


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_that_opens_lets_go_on_without_a_commit_of_its_own(gate: HookType) -> None:
    world = gated(gate, 403)
    world.walk(1800)
    world.answers.clear()
    lines = world.walk_to(P.SUCCEEDED)
    assert {action for action, _, _ in lines} <= {A.START, A.ADVANCE, A.PROMOTE, A.FINISH, A.SCALE_DOWN}
    assert world.record.waiting is None


@pytest.mark.parametrize("gate", GATES)
def test_a_closed_gate_is_asked_every_interval(gate: HookType) -> None:
    world = gated(gate, 403)
    world.walk(1800)
    before = len(asked(world))
    world.walk(10 * 30)
    assert len(asked(world)) - before == 10


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_behind_a_slow_webhook_is_asked_once_at_a_time(gate: HookType) -> None:
    world = gated(gate, 200)
    world.delays[gate.value] = timedelta(seconds=70)
    world.walk_to(P.SUCCEEDED, patience=7200)
    keys = [question.key for question in asked(world)]
    assert len(keys) == len(set(keys))


def test_the_traffic_gate_is_asked_before_every_increase_and_before_the_promotion() -> None:
    world = gated(H.CONFIRM_TRAFFIC_INCREASE, 200)
    world.walk_to(P.SUCCEEDED)
    assert len(asked(world)) == 6


def test_the_traffic_gate_is_not_asked_while_the_promotion_awaits_approval() -> None:
    world = world_in(P.WAITING_PROMOTION)
    before = len(asked(world))
    world.walk(300)
    assert {question.hook.type for question in asked(world)[before:]} == {H.CONFIRM_PROMOTION}


def test_the_promotion_gate_is_asked_once_at_the_end() -> None:
    world = gated(H.CONFIRM_PROMOTION, 200)
    world.walk_to(P.SUCCEEDED)
    assert len(asked(world)) == 1


@pytest.mark.parametrize("kind", [H.CONFIRM_TRAFFIC_INCREASE, H.CONFIRM_PROMOTION])
def test_a_gate_is_asked_for_nothing_before_the_check_passed(kind: HookType) -> None:
    world = running_world(20, spec=make_spec(kind))
    before = len(asked(world))
    world.says = {"request-duration": None}
    world.walk(600)
    assert len(asked(world)) == before


@pytest.mark.parametrize("gate", GATES[1:])
def test_checks_go_on_at_a_closed_gate(gate: HookType) -> None:
    world = idle_world(spec=make_spec(gate))
    world.push("r2")
    world.walk_to_weight(50)
    world.answers[gate.value] = 403
    world.walk(300)
    world.bad.add(digest("r2"))
    assert world.walk_to(P.FAILED)[-1] == (A.ROLLBACK, 0, P.FAILED)


def test_pre_rollout_webhooks_fail_until_the_threshold() -> None:
    world = gated(H.PRE_ROLLOUT, 500)
    assert world.walk_to(P.FAILED) == [
        (A.START, 0, P.PROGRESSING),
        (A.HALT, 0, P.PROGRESSING),
        (A.HALT, 0, P.PROGRESSING),
        (A.ROLLBACK, 0, P.FAILED),
    ]
    times = [entry.at for entry in world.log[-3:]]
    assert times[1] - times[0] == times[2] - times[1] == world.spec.interval


def test_pre_rollout_webhooks_that_are_not_reached_only_wait() -> None:
    world = gated(H.PRE_ROLLOUT, 503)
    assert world.walk(3600) == [(A.START, 0, P.PROGRESSING)]
    world.answers.clear()
    assert world.walk_to(P.SUCCEEDED)[0] == (A.ADVANCE, 10, P.PROGRESSING)


def test_pre_rollout_webhooks_that_passed_are_not_called_again_at_a_closed_gate() -> None:
    world = idle_world(
        spec=make_spec(H.PRE_ROLLOUT, H.CONFIRM_TRAFFIC_INCREASE), answers={"confirm-traffic-increase": 403}
    )
    world.push("r2")
    world.walk(1800)
    assert [question.hook.type for question in asked(world)].count(H.PRE_ROLLOUT) == 1


def test_pre_rollout_webhooks_wait_for_a_canary_that_is_ready() -> None:
    world = gated(H.PRE_ROLLOUT, 200)
    world.unready[digest("r2")] = world.now
    world.walk(300)
    assert asked(world) == []


@pytest.mark.parametrize("status", [200, 403, 500, None])
def test_post_rollout_webhooks_are_called_once_and_stop_nothing(status: int | None) -> None:
    world = gated(H.POST_ROLLOUT, status)
    assert world.walk_to(P.SUCCEEDED)[-1] == (A.SCALE_DOWN, 0, P.SUCCEEDED)
    (question,) = asked(world)
    assert question.phase is P.SUCCEEDED
    assert [hook.status for hook in world.record.evidence.webhooks] == [status]


def test_post_rollout_webhooks_are_told_of_a_failure() -> None:
    world = gated(H.POST_ROLLOUT, 200)
    world.bad.add(digest("r2"))
    world.walk_to(P.FAILED)
    world.walk(120)
    (question,) = asked(world)
    assert question.phase is P.FAILED


def test_onboarding_calls_no_webhook() -> None:
    assert asked(idle_world(spec=make_spec(*HookType))) == []


@pytest.mark.parametrize(
    ("kind", "phases"),
    [
        (H.CONFIRM_ROLLOUT, {P.INITIALIZED}),
        (H.PRE_ROLLOUT, {P.PROGRESSING}),
        (H.ROLLOUT, {P.PROGRESSING}),
        (H.CONFIRM_TRAFFIC_INCREASE, {P.PROGRESSING}),
        (H.CONFIRM_PROMOTION, {P.PROGRESSING}),
        (H.ROLLBACK, {P.PROGRESSING}),
        (H.POST_ROLLOUT, {P.SUCCEEDED}),
    ],
)
def test_webhooks_are_told_the_phase_as_flagger_tells_it(kind: HookType, phases: set[Phase]) -> None:
    world = idle_world(spec=make_spec(kind))
    world.push("r2")
    world.walk_to(P.SUCCEEDED)
    assert {question.phase for question in asked(world)} == phases
    assert {question.revision for question in asked(world)} == {digest("r2")}


def test_events_are_never_asked_about() -> None:
    world = idle_world(spec=make_spec(H.EVENT))
    world.push("r2")
    world.walk_to(P.SUCCEEDED)
    assert asked(world) == []


def test_skipped_analysis_asks_the_first_gate_and_nothing_else_on_the_way() -> None:
    world = idle_world(spec=make_spec(*HookType, skips_analysis=True))
    world.push("r2")
    lines = world.walk_to(P.SUCCEEDED)
    assert [action for action, _, _ in lines] == [A.START, A.PROMOTE, A.FINISH, A.SCALE_DOWN]
    kinds = {question.hook.type for question in asked(world)}
    assert {H.CONFIRM_ROLLOUT, H.POST_ROLLOUT} <= kinds
    assert not kinds & {H.CONFIRM_PROMOTION, H.CONFIRM_TRAFFIC_INCREASE}

"""What a check asks, when it approves, and under which key it is delivered."""

from datetime import timedelta

import pytest

from gitcanary.rollout.consider import consider
from gitcanary.rollout.decision import Ask, Commit, Wait
from gitcanary.rollout.evidence import Evidence, HookQuestion, Live, LiveStatus, MetricQuestion
from gitcanary.rollout.spec import HookType, Spec
from gitcanary.rollout.state import Action, Placed, State
from support.canaries import DURATION, at, digest, make_spec, metric
from support.cases import decide, make_live, make_record, make_state, questions_of

LIVE_SINCE, SETTLED = 10, 25  # with the defaults: committed at 0, live at 10, settle 15 s, interval 30 s
PENDING = {"status": LiveStatus.PENDING, "since": at(-200), "placed": Placed(10, digest("r2"), digest("r1"), 2)}


# What a check asks.


def asked_at(now: float, spec: Spec, state: State | None = None, live: Live | None = None) -> tuple[set[str], set[str]]:
    """Return the webhooks and metrics that a check at this second asks, when webhooks pass."""
    state = state or make_state()
    evidence = Evidence(at(now), live or make_live(state))
    first = consider(spec, state, evidence)
    hooks = questions_of(first, HookQuestion)
    metrics: set[str] = questions_of(first, MetricQuestion)
    if hooks:
        _, answered = decide(spec, state, evidence)
        metrics = {question.metric.name for question in answered.metrics}
    return hooks, metrics


BOTH = {"request-success-rate", "request-duration"}


@pytest.mark.parametrize(
    ("now", "hooks", "metrics"),
    [
        (20, set(), set()),
        (25, {"rollout"}, set()),
        (54, {"rollout"}, set()),
        (55, {"rollout"}, BOTH),
        (85, {"rollout"}, BOTH),
    ],
)
def test_check_0_calls_the_webhooks_and_asks_no_metric(now: float, hooks: set[str], metrics: set[str]) -> None:
    assert asked_at(now, make_spec(HookType.ROLLOUT)) == (hooks, metrics)


@pytest.mark.parametrize(
    ("clean", "metrics"), [(-5, BOTH), (-4, {"request-duration"}), (25, {"request-duration"}), (26, set())]
)
def test_no_window_reaches_back_before_this_revision_was_seen_clean(clean: float, metrics: set[str]) -> None:
    state = make_state(make_record(clean_since=at(clean)))
    assert asked_at(84, make_spec(), state) == (set(), metrics)


def test_no_window_is_asked_where_a_restart_is_not_live_yet() -> None:
    state = make_state(make_record(weight=0, clean_since=None))
    live = make_live(state, status=LiveStatus.PENDING, placed=Placed(20, digest("r2"), digest("r1"), 2))
    assert asked_at(600, make_spec(), state, live) == (set(), set())


def test_a_weight_that_a_person_gave_before_ours_is_judged_from_when_it_was_live() -> None:
    state = make_state(make_record(clean_since=None))
    assert asked_at(55, make_spec(), state)[1] == {"request-duration"}
    assert asked_at(85, make_spec(), state)[1] == BOTH


@pytest.mark.parametrize(("weight", "hooks"), [(0, {"pre-rollout", "rollback"}), (20, {"rollout", "rollback"})])
def test_weight_0_asks_its_own_webhooks_at_once_and_no_metric(weight: int, hooks: set[str]) -> None:
    spec = make_spec(HookType.PRE_ROLLOUT, HookType.ROLLOUT, HookType.ROLLBACK)
    state = make_state(make_record(weight=weight, clean_since=None if weight == 0 else at(-100)))
    now = LIVE_SINCE if weight == 0 else SETTLED
    assert asked_at(now, spec, state) == (hooks, set())


def test_metrics_are_not_asked_after_a_webhook_failed() -> None:
    state = make_state()
    decision, evidence = decide(
        make_spec(HookType.ROLLOUT), state, Evidence(at(600), make_live(state)), answers={"rollout": 500}
    )
    assert decision.action is Action.HALT
    assert decision.reason == "rollout answered 500 (1 of 3)"
    assert evidence.metrics == {}


# When a check approves.

FULL = 1, 55  # the first check of a step whose windows are full


@pytest.mark.parametrize(
    ("windows", "now", "is_approved"),
    [
        ((), 25, False),
        ((), 54, False),
        ((), 55, True),  # a step without metrics lasts one interval too
        ((30,), 54, False),
        ((30,), 55, True),
        ((60,), 55, False),
        ((60,), 84, False),
        ((60,), 85, True),
        ((30, 60), 55, False),
        ((30, 60), 85, True),
        ((90,), 114, False),
        ((90,), 115, True),
    ],
)
def test_an_advance_waits_until_every_window_saw_only_the_settled_weight(
    windows: tuple[int, ...],
    now: float,
    is_approved: bool,
) -> None:
    spec = make_spec(metrics=tuple(metric(f"m{size}", window=timedelta(seconds=size)) for size in windows))
    state = make_state()
    decision, _ = decide(spec, state, Evidence(at(now), make_live(state)))
    assert isinstance(decision, Commit if is_approved else Wait)
    if is_approved:
        assert (decision.action, decision.weight) == (Action.ADVANCE, 30)


@pytest.mark.parametrize("said", [None, "refused", float("nan")])
def test_one_metric_without_an_answer_is_no_approval_and_no_failure(said: float | str | None) -> None:
    state = make_state()
    decision, _ = decide(make_spec(), state, Evidence(at(600), make_live(state)), says={DURATION.name: said})
    assert isinstance(decision, Wait)
    assert decision.why.startswith("request-duration is without a verdict")


def test_an_advance_at_weight_0_needs_no_interval_and_no_metric() -> None:
    state = make_state(make_record(weight=0, clean_since=None))
    decision, _ = decide(make_spec(), state, Evidence(at(LIVE_SINCE), make_live(state)))
    assert (decision.action, decision.weight) == (Action.ADVANCE, 10)
    assert decision.record.clean_since == at(LIVE_SINCE)


@pytest.mark.parametrize(
    ("steps", "weight", "follows"),
    [
        ((10, 20, 30), 0, 10),
        ((10, 20, 30), 10, 20),
        ((10, 20, 30), 15, 20),
        ((10, 20, 30), 29, 30),
        ((10, 20, 30), 30, None),
        ((10, 20, 30), 70, None),
        ((100,), 99, 100),
        ((1,), 0, 1),
    ],
)
def test_the_next_weight_is_the_smallest_configured_one_above_the_present(
    steps: tuple[int, ...], weight: int, follows: int | None
) -> None:
    state = make_state(make_record(weight=weight))
    decision, _ = decide(make_spec(steps=steps), state, Evidence(at(600), make_live(state)))
    assert decision.action is (Action.PROMOTE if follows is None else Action.ADVANCE)
    assert decision.weight == follows


@pytest.mark.parametrize(
    ("live", "why"),
    [
        ({"status": LiveStatus.PENDING}, "is not live yet"),
        ({"status": LiveStatus.BLOCKED, "reason": "suspended"}, "(world: suspended)"),
        ({"status": LiveStatus.INEFFECTIVE}, "(world: ineffective)"),
        ({"canary_ready": False}, "the canary is not ready"),
        ({"primary_ready": False}, "the primary is not ready"),
    ],
)
def test_nothing_advances_that_is_not_live_and_ready(live: dict[str, object], why: str) -> None:
    state = make_state()
    decision, _ = decide(make_spec(), state, Evidence(at(600), make_live(state, **live)))
    assert isinstance(decision, Wait)
    assert why in decision.why


def test_readiness_that_nobody_knows_stops_nothing() -> None:
    state = make_state()
    live = make_live(state, canary_ready=None, primary_ready=None)
    assert decide(make_spec(), state, Evidence(at(600), live))[0].action is Action.ADVANCE


@pytest.mark.parametrize(("now", "is_overdue"), [(599, False), (600, True)])
def test_a_commit_that_is_not_live_is_overdue_after_the_sync_timeout(now: float, is_overdue: bool) -> None:
    state = make_state()
    live = make_live(state, status=LiveStatus.PENDING, placed=None, commit=None)
    assert decide(make_spec(), state, Evidence(at(now), live))[0].is_overdue is is_overdue


@pytest.mark.parametrize(("now", "is_overdue"), [(609, False), (610, True)])
def test_no_verdict_for_as_long_is_overdue_too(now: float, is_overdue: bool) -> None:
    state = make_state()
    decision, _ = decide(make_spec(), state, Evidence(at(now), make_live(state)), says={DURATION.name: None})
    assert (decision.what, decision.is_overdue) == ("data", is_overdue)


def test_the_wait_names_the_window_that_is_not_full() -> None:
    state = make_state()
    decision, _ = decide(make_spec(), state, Evidence(at(55), make_live(state)))
    assert decision.why == "request-success-rate: 30s of its 60s window left"
    assert decision.until == at(85)


# The keys of deliveries.


def keys_at(now: float, state: State, **live: object) -> set[str]:
    decision = consider(make_spec(HookType.ROLLOUT), state, Evidence(at(now), make_live(state, **live)))
    assert isinstance(decision, Ask)
    return {question.key for question in decision.questions}


def test_two_controllers_deliver_one_check_under_one_key() -> None:
    assert keys_at(56, make_state()) == keys_at(80, make_state())


def test_each_check_record_and_revision_has_its_own_key() -> None:
    keys = [
        keys_at(25, make_state()),
        keys_at(55, make_state()),
        keys_at(55, make_state(), **PENDING),
        keys_at(55, make_state(record_blob="d" * 40)),
        keys_at(55, make_state(path="apps/other")),
    ]
    assert len(set().union(*keys)) == len(keys)


def test_a_replayed_check_at_a_gate_is_asked_at_its_own_time_again() -> None:
    state = make_state()
    spec = make_spec(HookType.CONFIRM_TRAFFIC_INCREASE, metrics=())
    _, evidence = decide(spec, state, Evidence(at(80), make_live(state)))
    assert {question.at for question in evidence.hooks} == {at(55)}

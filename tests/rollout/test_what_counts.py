"""Which checks count and which gates are asked again: the edges where one word in a rule decides."""

from dataclasses import replace
from hashlib import sha256

import pytest

from gitcanary.rollout.checks import format_number
from gitcanary.rollout.consider import consider
from gitcanary.rollout.decision import Ask, Commit, For, Wait
from gitcanary.rollout.evidence import Evidence, HookQuestion, LiveStatus, MetricQuestion
from gitcanary.rollout.idle import is_idle
from gitcanary.rollout.spec import HookType
from gitcanary.rollout.state import (
    Action,
    Awaited,
    Hold,
    Observed,
    Phase,
    Placed,
    Request,
    Revision,
    SeenHook,
    Waiting,
)
from support.canaries import SETTLE, at, digest, make_spec
from support.cases import decide, make_live, make_record, make_state, questions_of

A, P = Action, Phase
NOW = at(600)
BAD = {"request-success-rate": 12.0}
R3 = Revision(digest("r3"), "3" * 40)
PASSED = SeenHook("pre-rollout", "pre-rollout", 200, "pass")
FAILED = SeenHook("pre-rollout", "pre-rollout", 500, "fail")
OTHER = SeenHook("confirm-traffic-increase", "confirm-traffic-increase", 403, "fail")
HELD = Hold("record edited in aaaaaaa", "a" * 40, "Mia", at(-40))
INCREASE = Waiting("confirm-traffic-increase", at(-50))


def test_what_is_live_since_nobody_knows_when_fails_and_never_approves() -> None:
    state = make_state()
    live = make_live(state, since=None)
    decision, _ = decide(make_spec(), state, Evidence(NOW, live))
    assert isinstance(decision, Wait)
    decision, _ = decide(make_spec(), state, Evidence(NOW, live), says=BAD)
    assert isinstance(decision, Commit)
    assert decision.action is A.HALT


def test_what_is_live_counts_from_the_commit_that_is_awaited_to_the_instant() -> None:
    state = make_state(awaited=Awaited("c" * 40, NOW))
    live = make_live(state, since=at(0))
    decision, _ = decide(make_spec(), state, Evidence(NOW, live))
    assert decision == Wait(For.CHECK, "request-success-rate: 75s of its 60s window left", at(615))


def test_a_window_is_full_at_the_instant_at_which_it_began_with_the_settled_weight() -> None:
    state = make_state()
    for now, action in ((84, None), (85, A.ADVANCE)):
        decision, _ = decide(make_spec(), state, Evidence(at(now), make_live(state)))
        assert (decision.action if isinstance(decision, Commit) else None) is action


@pytest.mark.parametrize(
    ("waiting", "seen", "is_asked"),
    [
        (INCREASE, (PASSED, OTHER), False),
        (INCREASE, (PASSED, FAILED), True),
        (INCREASE, (OTHER,), True),
        (INCREASE, (), True),
        (replace(INCREASE, gate="confirm-promotion"), (PASSED,), True),
        (None, (PASSED,), True),
    ],
)
def test_a_pre_rollout_webhook_that_passed_is_not_asked_again_while_the_gate_after_it_is_closed(
    waiting: Waiting | None,
    seen: tuple[SeenHook, ...],
    *,
    is_asked: bool,
) -> None:
    before = Observed(at(500), settle=SETTLE, webhooks=seen)
    state = make_state(make_record(weight=0, waiting=waiting, evidence=before))
    spec = make_spec(HookType.PRE_ROLLOUT, HookType.CONFIRM_TRAFFIC_INCREASE)
    decision = consider(spec, state, Evidence(NOW, make_live(state)))
    assert questions_of(decision, HookQuestion) == {"pre-rollout" if is_asked else "confirm-traffic-increase"}


@pytest.mark.parametrize("is_held_up", [True, False])
def test_nothing_is_checked_while_previous_values_are_put_back(*, is_held_up: bool) -> None:
    state = make_state(make_record(phase=P.PROMOTING, weight=50, restoring="it crashed"))
    live = make_live(state, primary_ready=not is_held_up)
    decision = consider(make_spec(HookType.ROLLOUT), state, Evidence(at(5000), live))
    assert not isinstance(decision, Ask)
    assert isinstance(decision, Wait) is is_held_up


@pytest.mark.parametrize("phase", [P.PROGRESSING, P.WAITING_PROMOTION, P.PROMOTING])
def test_nothing_of_the_predecessor_is_checked_once_the_target_holds_another_revision(phase: Phase) -> None:
    state = make_state(make_record(phase=phase), revision=R3)
    live = make_live(state, placed=replace(state.placed, canary=digest("r2")), status=LiveStatus.PENDING)
    decision = consider(make_spec(HookType.ROLLOUT), state, Evidence(NOW, live))
    assert questions_of(decision, HookQuestion) | questions_of(decision, MetricQuestion) == set()
    assert isinstance(decision, Commit)
    assert decision.action is A.RESTART


@pytest.mark.parametrize(
    ("status", "is_ready", "expected"),
    [
        (LiveStatus.APPLIED, True, A.FINISH),
        (LiveStatus.APPLIED, None, A.FINISH),
        (LiveStatus.PENDING, False, None),
        (LiveStatus.PENDING, True, None),
        (LiveStatus.APPLIED, False, A.ROLLBACK),
    ],
)
def test_only_a_promoted_primary_that_is_live_and_not_ready_has_a_deadline(
    status: LiveStatus, is_ready: bool | None, expected: Action | None
) -> None:
    state = make_state(make_record(phase=P.PROMOTING, weight=50))
    live = make_live(state, status=status, primary_ready=is_ready)
    decision, _ = decide(make_spec(), state, Evidence(at(5000), live))
    assert (decision.action if isinstance(decision, Commit) else None) is expected


def test_an_abort_ends_a_restoration_for_the_reason_that_began_it() -> None:
    record = make_record(phase=P.PROMOTING, weight=50, restoring="it crashed", request=Request("abort"))
    decision, _ = decide(make_spec(), make_state(record), Evidence(NOW))
    assert isinstance(decision, Commit)
    assert (decision.action, decision.reason, decision.weight) == (A.ROLLBACK, "it crashed", 0)
    assert (decision.record.phase, decision.record.quarantine) == (P.FAILED, ())


def test_a_canary_that_came_back_before_it_was_routed_is_routed() -> None:
    state = make_state(
        make_record(phase=P.TERMINATED, weight=0, revision=digest("r1"), source="1" * 40),
        placed=Placed(None, digest("r1"), digest("r1"), 2),
    )
    decision, _ = decide(make_spec(), state, Evidence(NOW, make_live(state)))
    assert isinstance(decision, Commit)
    assert (decision.action, decision.weight, decision.record.phase) == (A.ROUTE, 0, P.INITIALIZING)


@pytest.mark.parametrize(
    ("kind", "record", "revision"),
    [
        (HookType.CONFIRM_ROLLOUT, {"phase": P.SUCCEEDED, "weight": 0}, R3),
        (HookType.POST_ROLLOUT, {"phase": P.FINALISING, "weight": 0, "revision": digest("r1")}, None),
        (HookType.CONFIRM_PROMOTION, {"phase": P.WAITING_PROMOTION, "weight": 50}, None),
    ],
)
def test_the_answers_of_a_gate_are_in_the_record_and_its_deliveries_have_one_key(
    kind: HookType, record: dict[str, object], revision: Revision | None
) -> None:
    state = make_state(make_record(**record))
    state = replace(state, revision=revision or state.revision)
    evidence = Evidence(NOW, make_live(state))
    asked = consider(make_spec(kind, metrics=()), state, evidence)
    assert isinstance(asked, Ask)
    (question,) = asked.questions
    assert isinstance(question, HookQuestion)
    number = "20" if record["weight"] == 0 else "19"
    parts = ("apps/podinfo", state.revision.digest, kind.value, "b" * 40, number)
    assert question.key == sha256("\0".join(parts).encode()).hexdigest()
    decision, _ = decide(make_spec(kind, metrics=()), state, evidence)
    assert isinstance(decision, Commit)
    assert decision.record.evidence.webhooks == (SeenHook(kind.value, kind.value, 200, "pass"),)


def test_a_new_revision_right_after_routing_starts_without_waiting_for_itself_to_be_live() -> None:
    record = make_record(phase=P.INITIALIZING, weight=0, revision=digest("r1"))
    placed = Placed(0, R3.digest, digest("r1"), 2)
    state = make_state(record, revision=R3, placed=placed)
    live = make_live(state, status=LiveStatus.PENDING, placed=replace(placed, canary=digest("r1")))
    decision, _ = decide(make_spec(), state, Evidence(NOW, live))
    assert isinstance(decision, Commit)
    assert decision.action is A.START


@pytest.mark.parametrize("weight", [1, 20])
def test_a_canary_that_got_any_weight_was_ready_once(weight: int) -> None:
    state = make_state(make_record(weight=weight))
    live = make_live(state, canary_ready=False, not_ready_since=None)
    decision, _ = decide(make_spec(), state, Evidence(at(5000), live))
    assert decision == Wait(For.READY, "the canary is not ready", at(5005), is_overdue=True)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"phase": P.INITIALIZED}, True),
        ({"phase": P.FAILED}, False),
        ({"phase": P.FINALISING}, False),
        ({"request": Request("pause")}, False),
        ({"spec": "spec-0"}, False),
        ({"promoted": ()}, False),
        ({"weight": 20}, False),
    ],
)
def test_idle_is_a_promoted_canary_of_which_nobody_wants_anything(
    changes: dict[str, object], *, expected: bool
) -> None:
    record = make_record(**({"phase": P.SUCCEEDED, "weight": 0} | changes))
    assert is_idle(make_spec(), record, digest("r1"), 0) is expected
    assert not is_idle(make_spec(), record, digest("r2"), 0)
    assert not is_idle(make_spec(), record, None, 0)
    assert not is_idle(make_spec(), record, digest("r1"), 20)
    assert not is_idle(make_spec(), record, digest("r1"), None)


def test_analysis_is_skipped_by_the_spec_and_the_commit_says_so() -> None:
    state = make_state()
    decision, _ = decide(make_spec(skips_analysis=True), state, Evidence(NOW, make_live(state)))
    assert isinstance(decision, Commit)
    assert (decision.action, decision.reason) == (A.PROMOTE, "analysis skipped by the spec")


def test_what_is_live_since_nobody_knows_when_is_remembered_from_when_it_was_first_seen() -> None:
    state = make_state(make_record(request=Request("pause")))
    seen, _ = decide(make_spec(), state, Evidence(NOW, make_live(state, since=None)))
    state = make_state(make_record(request=Request("dance"), phase=P.PROMOTING))
    noted, _ = decide(make_spec(metrics=()), state, Evidence(NOW, make_live(state, since=None)))
    for decision in (seen, noted):
        assert isinstance(decision, Commit)
        assert decision.record.evidence.live is None or decision.record.evidence.live.since == NOW


def test_a_record_in_which_nothing_is_promoted_starts_like_any_other() -> None:
    state = make_state(make_record(phase=P.SUCCEEDED, weight=0))
    state = replace(state, record=replace(state.record, promoted=()))
    decision, _ = decide(make_spec(), state, Evidence(NOW, make_live(state)))
    assert isinstance(decision, Commit)
    assert decision.action is A.START


def test_a_weight_before_the_first_step_settles_like_any_other() -> None:
    state = make_state(make_record(weight=0, hold=HELD), placed=Placed(30, digest("r2"), digest("r1"), 2))
    decision, _ = decide(make_spec(), state, Evidence(NOW, make_live(state)))
    assert isinstance(decision, Wait)
    assert decision.until == at(625)


def test_a_check_far_ahead_is_the_first_of_its_grid() -> None:
    state = make_state()
    decision, _ = decide(make_spec(), state, Evidence(NOW, make_live(state, since=at(629))))
    assert isinstance(decision, Wait)
    assert decision.until == at(644)


@pytest.mark.parametrize(
    ("weight", "expected", "taken"),
    [(None, A.INITIALIZE, None), (100, A.INITIALIZE, None), (0, A.START, None), (30, A.START, 0), (99, A.START, 0)],
)
def test_a_new_revision_in_onboarding_goes_to_the_primary_only_where_no_user_is_on_it(
    weight: int | None, expected: Action, taken: int | None
) -> None:
    record = make_record(phase=P.INITIALIZING, weight=0, revision=digest("r1"), source="1" * 40)
    state = make_state(record, revision=R3, placed=Placed(weight, R3.digest, digest("r1"), 2))
    decision, _ = decide(make_spec(), state, Evidence(NOW, make_live(state)))
    assert isinstance(decision, Commit)
    assert (decision.action, decision.weight) == (expected, taken)
    assert (decision.primary is not None) is (expected is A.INITIALIZE)


def test_the_first_check_of_a_pending_weight_is_an_interval_after_it_was_committed() -> None:
    state = make_state(make_record(since=NOW))
    live = make_live(state, status=LiveStatus.PENDING, since=at(10))
    for now, expected in ((600, None), (629, None), (630, A.HALT)):
        decision, _ = decide(make_spec(), state, Evidence(at(now), live), says=BAD)
        assert (decision.action if isinstance(decision, Commit) else None) is expected


@pytest.mark.parametrize("weight", [0, 20])
def test_a_predecessor_that_is_still_live_calls_no_webhook_of_its_successor(weight: int) -> None:
    record = make_record(weight=0, revision=R3.digest, source=R3.source, clean_since=None)
    state = make_state(record)
    live = make_live(state, status=LiveStatus.PENDING, placed=Placed(weight, digest("r2"), digest("r1"), 2))
    decision = consider(make_spec(HookType.ROLLOUT, HookType.ROLLBACK), state, Evidence(NOW, live))
    assert isinstance(decision, Wait)


@pytest.mark.parametrize(
    ("status", "expected"), [(LiveStatus.PENDING, None), (LiveStatus.BLOCKED, None), (LiveStatus.APPLIED, NOW)]
)
def test_the_record_says_since_when_only_of_what_is_live(status: LiveStatus, expected: object) -> None:
    record = make_record(failed_checks=2)
    live = make_live(make_state(record), status=status, since=None)
    decision, _ = decide(make_spec(), make_state(record), Evidence(NOW, live), says=BAD)
    assert isinstance(decision, Commit)
    assert decision.action is A.ROLLBACK
    assert decision.record.evidence.live is not None
    assert decision.record.evidence.live.since == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1234, "0.12"),
        (0.01, "0.01"),
        (0.00999, "0.00999"),
        (-0.001234, "-0.00123"),
        (0, "0"),
        (100.0, "100"),
        (7.5, "7.5"),
    ],
)
def test_a_number_keeps_two_decimals_and_more_only_where_it_would_vanish(value: float, expected: str) -> None:
    assert format_number(value) == expected


def test_no_window_is_asked_that_begins_before_a_revision_was_clean_this_instant() -> None:
    state = make_state(make_record(weight=10, clean_since=NOW))
    live = make_live(state, status=LiveStatus.PENDING, since=at(0))
    decision = consider(make_spec(), state, Evidence(NOW, live))
    assert questions_of(decision, MetricQuestion) == set()

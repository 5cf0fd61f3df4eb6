"""What is believed of every decision, whatever led to it: the rules' laws as assertions."""

from dataclasses import replace

from gitcanary.rollout.case import WATCHED
from gitcanary.rollout.decision import Ask, Commit, Decision, Wait
from gitcanary.rollout.evidence import Evidence, LiveStatus
from gitcanary.rollout.idle import is_idle
from gitcanary.rollout.spec import HookType, Spec
from gitcanary.rollout.state import AT_REST, Action, Phase, State, Verb
from support.canaries import INTERVAL
from support.foresight import fails, metrics_of, passes, play, play_on

PHASES = {
    Action.INITIALIZE: {Phase.INITIALIZING},
    Action.ROUTE: {Phase.INITIALIZING, Phase.INITIALIZED, Phase.SUCCEEDED, Phase.FAILED},
    Action.START: {Phase.PROGRESSING},
    Action.ADVANCE: {Phase.PROGRESSING},
    Action.RESTART: {Phase.PROGRESSING, Phase.PROMOTING},
    Action.WAIT: {Phase.WAITING, Phase.PROGRESSING, Phase.WAITING_PROMOTION},
    Action.PROMOTE: {Phase.PROMOTING},
    Action.FINISH: {Phase.FINALISING, Phase.SUCCEEDED},
    Action.SCALE_DOWN: {Phase.INITIALIZED, Phase.SUCCEEDED, Phase.FAILED},
    Action.ROLLBACK: {Phase.FAILED, Phase.PROMOTING},
}


def rises(state: State, decision: Decision) -> bool:
    """Tell whether a decision gives the canary more weight or the primary the canary's values."""
    if not isinstance(decision, Commit):
        return False
    return (decision.weight or 0) > (state.placed.weight or 0) or decision.action is Action.PROMOTE


def is_hurried(spec: Spec, state: State, decision: Commit) -> bool:
    """Tell whether somebody wanted it without analysis: the spec, a person, or the revision was promoted before."""
    request = state.record.request
    was_asked = request is not None and request.verb in {Verb.PROMOTE, Verb.SKIP_ANALYSIS}
    return was_asked or "promoted before" in decision.reason or spec.skips_analysis


def has_full_evidence(spec: Spec, state: State, evidence: Evidence, decision: Commit) -> bool:
    """Tell whether all metrics passed on windows that saw nothing but the present weight, settled."""
    settled = evidence.live.since + spec.settle
    metrics, hooks = decision.record.evidence.metrics, decision.record.evidence.webhooks
    return (
        {metric.name for metric in metrics} == {metric.name for metric in spec.metrics}
        and all(metric.verdict == "pass" and metric.until - metric.window >= settled for metric in metrics)
        and all(one.verdict == "pass" for one in hooks)
        and {one.name for one in hooks} >= {one.name for one in spec.hooks_of(HookType.ROLLOUT)}
        and evidence.live.placed == state.placed
    )


def believe_a_rise_has_its_reasons(spec: Spec, state: State, evidence: Evidence, decision: Decision) -> None:
    if not rises(state, decision):
        return
    if decision.action is Action.PROMOTE and is_hurried(spec, state, decision):
        return
    assert not spec.is_suspended
    assert state.record.paused is None
    assert state.record.hold is None
    assert evidence.live.status is LiveStatus.APPLIED
    assert evidence.live.canary_ready is not False
    assert evidence.live.primary_ready is not False
    if decision.action is not Action.PROMOTE:
        assert decision.action is Action.ADVANCE
        assert decision.weight in spec.steps
    if state.placed.weight:
        assert has_full_evidence(spec, state, evidence, decision)


def believe_rest_has_no_weight(_spec: Spec, _state: State, _evidence: Evidence, decision: Decision) -> None:
    if isinstance(decision, Commit) and decision.record.phase in AT_REST:
        assert decision.record.weight == 0
        if decision.action in {Action.ROLLBACK, Action.FINISH}:
            assert decision.weight == 0


def believe_traffic_goes_before_capacity(_spec: Spec, _state: State, evidence: Evidence, decision: Decision) -> None:
    if isinstance(decision, Commit) and decision.replicas == 0:
        assert decision.action is Action.SCALE_DOWN
        assert evidence.live.status is LiveStatus.APPLIED
        assert evidence.live.placed.weight == 0


def believe_each_action_has_its_phases(_spec: Spec, state: State, _evidence: Evidence, decision: Decision) -> None:
    if isinstance(decision, Commit):
        kept = {state.record.phase} if state.record else set()
        assert decision.record.phase in PHASES.get(decision.action, kept)


def believe_no_quarantined_revision_moves_forward(
    _spec: Spec, state: State, _evidence: Evidence, decision: Decision
) -> None:
    if rises(state, decision) or (isinstance(decision, Commit) and decision.action is Action.START):
        assert not state.record.is_quarantined(decision.record.revision)


def believe_no_question_comes_too_early(spec: Spec, state: State, evidence: Evidence, decision: Decision) -> None:
    """Answer what is asked with passes: if that leads forward, everything asked saw nothing but what is live."""
    asked = metrics_of(decision)
    if not asked or not rises(state, best := play(spec, state, evidence, passes)) or is_hurried(spec, state, best):
        return
    live = evidence.live
    assert live.status is LiveStatus.APPLIED
    assert all(evidence.now - question.metric.window >= live.since + spec.settle for question in asked)


def believe_the_way_back_is_open(spec: Spec, state: State, evidence: Evidence, decision: Decision) -> None:
    """Fail every check of what is live from now on: whatever else is the matter, it is rolled back."""
    record, live = state.record, evidence.live
    if isinstance(decision, Ask) or record is None or live is None or record.phase not in WATCHED or record.restoring:
        return
    if state.revision.digest != record.revision or live.placed is None or live.placed.canary != record.revision:
        return
    if not live.placed.weight or (record.clean_since is None and live.status is not LiveStatus.APPLIED):
        return
    later = Evidence(evidence.now + 10 * INTERVAL, live)
    assert Action.ROLLBACK in play_on(replace(spec, threshold=1), state, later, fails)


def believe_the_record_tells_since_when(spec: Spec, state: State, evidence: Evidence, decision: Decision) -> None:
    if not isinstance(decision, Commit) or state.record is None:
        return
    was, will = state.record, decision.record
    if (was.phase, was.weight) != (will.phase, will.weight):
        assert will.since == evidence.now
    assert (will.spec, will.evidence.observed_at) == (spec.blob, evidence.now)


def believe_idle_means_nothing_to_do(spec: Spec, state: State, _evidence: Evidence, decision: Decision) -> None:
    if state.record is not None and is_idle(spec, state.record, state.revision.digest, state.placed.weight):
        assert isinstance(decision, Wait)


BELIEFS = (
    believe_a_rise_has_its_reasons,
    believe_rest_has_no_weight,
    believe_traffic_goes_before_capacity,
    believe_each_action_has_its_phases,
    believe_no_quarantined_revision_moves_forward,
    believe_no_question_comes_too_early,
    believe_the_way_back_is_open,
    believe_the_record_tells_since_when,
    believe_idle_means_nothing_to_do,
)


def believe(spec: Spec, state: State, evidence: Evidence, decision: Decision) -> None:
    for belief in BELIEFS:
        belief(spec, state, evidence, decision)

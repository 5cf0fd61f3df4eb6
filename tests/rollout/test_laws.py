"""Laws that hold whatever happens: people, outages and faults in any order, walked from rest."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import dropwhile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitcanary.rollout.case import WATCHED
from gitcanary.rollout.consider import consider
from gitcanary.rollout.decision import Ask, Commit, Decision, Wait
from gitcanary.rollout.evidence import Evidence, HookAnswer, HookQuestion, LiveStatus, MetricAnswer, MetricQuestion
from gitcanary.rollout.spec import HookType, OnNoData, Spec
from gitcanary.rollout.state import AT_REST, Action, Phase, State, Verb
from support.canaries import INTERVAL, digest, hook, make_spec
from support.world import World, idle_world

GATES = (HookType.CONFIRM_ROLLOUT, HookType.CONFIRM_TRAFFIC_INCREASE, HookType.CONFIRM_PROMOTION)
HOOKS = (*GATES, HookType.PRE_ROLLOUT, HookType.ROLLOUT, HookType.POST_ROLLOUT, HookType.ROLLBACK)
OUTAGES = (None, 302, 408, 429, 502, 503, 504)
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
SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
WALKS = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=SLOW_IS_FINE)


# What is believed of every decision.


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


BELIEFS = (
    believe_a_rise_has_its_reasons,
    believe_rest_has_no_weight,
    believe_traffic_goes_before_capacity,
    believe_each_action_has_its_phases,
    believe_no_quarantined_revision_moves_forward,
    believe_no_question_comes_too_early,
    believe_the_way_back_is_open,
)


def believe(spec: Spec, state: State, evidence: Evidence, decision: Decision) -> None:
    for belief in BELIEFS:
        belief(spec, state, evidence, decision)


# What would follow, were the answers such.

Answering = Callable[[MetricQuestion, datetime], MetricAnswer]


def metrics_of(decision: Decision) -> set[MetricQuestion]:
    questions = decision.questions if isinstance(decision, Ask) else ()
    return {question for question in questions if isinstance(question, MetricQuestion)}


def passes(question: MetricQuestion, now: datetime) -> MetricAnswer:
    limit = question.metric.maximum if question.metric.minimum is None else question.metric.minimum
    return MetricAnswer(now, limit)


def fails(question: MetricQuestion, now: datetime) -> MetricAnswer:
    limit = question.metric.maximum if question.metric.minimum is None else question.metric.minimum
    return MetricAnswer(now, limit + (1 if question.metric.minimum is None else -1))


def play(spec: Spec, state: State, evidence: Evidence, answering: Answering) -> Decision:
    """Return what is decided at this instant when every webhook passes and metrics answer so."""
    decision = consider(spec, state, evidence)
    while isinstance(decision, Ask):
        hooks = {
            question: HookAnswer(403 if question.hook.type is HookType.ROLLBACK else 200)
            for question in decision.questions
            if isinstance(question, HookQuestion)
        }
        metrics = {question: answering(question, evidence.now) for question in metrics_of(decision)}
        assert hooks or metrics
        evidence = replace(evidence, hooks={**evidence.hooks, **hooks}, metrics={**evidence.metrics, **metrics})
        decision = consider(spec, state, evidence)
    return decision


def play_on(spec: Spec, state: State, evidence: Evidence, answering: Answering) -> list[Action]:
    """Return the actions that follow one another at this instant, until one moves the canary."""
    actions: list[Action] = []
    while isinstance(decision := play(spec, state, evidence, answering), Commit):
        actions.append(decision.action)
        if decision.action not in {Action.HOLD, Action.PAUSE, Action.ANSWER, Action.RESUME}:
            break
        state = replace(state, record=decision.record, record_touch=None)
        assert len(actions) < 5, actions
    return actions


# What may happen.

Event = tuple[str, object]  # what happens, a key of EVENTS, and its value


def set_weight(world: World, weight: int) -> None:
    if world.placed.weight is not None:
        world.write_weight(weight)


def ask_for(world: World, verb: Verb) -> None:
    if world.record is not None:
        world.request(verb)


def turn_sync(world: World, is_on: bool) -> None:  # noqa: FBT001 - the value of an event
    if is_on and not world.is_syncing:
        world.resume_sync()
    world.is_syncing = is_on


def break_revision(world: World, how: str) -> None:
    match how:
        case "bad":
            world.bad.add(world.target)
        case "unready":
            world.unready.setdefault(world.target, world.now)
        case "crashing":
            world.crashing.setdefault(world.target, world.now)
        case "sound":
            world.bad.clear()
            world.unready.clear()
            world.crashing.clear()


EVENTS: dict[str, Callable[[World, object], object]] = {
    "walk": lambda world, seconds: world.walk(seconds),
    "sync": turn_sync,
    "see": lambda world, is_seen: setattr(world, "is_seen", is_seen),
    "say": lambda world, said: world.says.update({said[0]: said[1]}),
    "answer": lambda world, said: world.answers.update({said[0]: said[1]}),
    "delay": lambda world, said: world.delays.update({said[0]: timedelta(seconds=said[1])}),
    "push": lambda world, name: world.push(name),
    "weight": set_weight,
    "replicas": lambda world, number: world.write_replicas(number),
    "request": ask_for,
    "suspend": lambda world, is_suspended: setattr(world, "is_suspended", is_suspended),
    "steps": lambda world, steps: world.edit_spec(steps=steps),
    "become": break_revision,
}


def happens(name: str, values: st.SearchStrategy) -> st.SearchStrategy[Event]:
    return st.tuples(st.just(name), values)


METRICS = st.sampled_from(["request-success-rate", "request-duration"])
WALK = happens("walk", st.sampled_from([1, 20, 45, 100, 300]))
RUN = happens("walk", st.sampled_from([60, 130, 230, 520, 600]))
OUTAGE = st.one_of(
    happens("sync", st.booleans()),
    happens("see", st.booleans()),
    happens("say", st.tuples(METRICS, st.sampled_from([None, float("nan"), "refused"]))),
    happens("answer", st.tuples(st.sampled_from(HOOKS), st.sampled_from(OUTAGES))),
    happens("delay", st.tuples(st.sampled_from(HOOKS), st.sampled_from([7, 40, 90]))),
)
PEOPLE = st.one_of(
    happens("push", st.sampled_from(["r1", "r2", "r3", "r4"])),
    happens("weight", st.sampled_from([0, 10, 20, 70])),
    happens("replicas", st.sampled_from([0, 3])),
    happens("request", st.sampled_from([*Verb, "dance"])),
    happens("suspend", st.booleans()),
    happens("steps", st.sampled_from([(5, 50), (30,), (10, 20, 30)])),
)
FAULTS = st.one_of(
    happens("become", st.sampled_from(["bad", "unready", "crashing", "sound"])),
    happens("say", st.tuples(METRICS, st.sampled_from([1.0, 400.0]))),
    happens("answer", st.tuples(st.sampled_from(HOOKS), st.sampled_from([200, 403, 500]))),
)
ANYTHING = st.one_of(PEOPLE, FAULTS, OUTAGE)
SPECS = st.builds(
    make_spec,
    st.sampled_from(HOOKS).map(hook),
    st.sampled_from(HOOKS).map(hook),
    threshold=st.sampled_from([1, 3]),
    settle=st.sampled_from([timedelta(), timedelta(seconds=15)]),
)


def walks(events: st.SearchStrategy[Event]) -> st.SearchStrategy[list[Event]]:
    """Return walks: some way into a rollout, then events with time between them."""
    steps = st.lists(st.tuples(events, WALK), min_size=5, max_size=15)
    return st.tuples(RUN, steps).map(lambda walk: [walk[0], *(event for step in walk[1] for event in step)])


def happen(world: World, events: list[Event]) -> None:
    for name, value in events:
        EVENTS[name](world, value)


def begin(spec: Spec) -> World:
    hooks = tuple({one.name: one for one in spec.hooks}.values())
    world = idle_world(spec=replace(spec, hooks=hooks), poll=timedelta(seconds=60))
    world.on_decision = believe
    world.push("r2")
    return world


def heal(world: World) -> None:
    """Make everything healthy and let people answer what they are asked."""
    for sick in (world.says, world.answers, world.delays, world.bad, world.unready, world.crashing):
        sick.clear()
    world.is_seen, world.is_suspended = True, False
    turn_sync(world, is_on=True)


def answer_as_people_would(world: World) -> None:
    """Resume what waits for a person, and take away a weight that nobody wants any more."""
    if world.record.hold or world.record.paused:
        world.request(Verb.RESUME)
    elif isinstance(world.last, Wait) and world.last.what == "person":
        world.write_weight(0)


@WALKS
@given(SPECS, walks(ANYTHING))
def test_laws_hold_and_a_healthy_revision_is_promoted_in_the_end(spec: Spec, events: list[Event]) -> None:
    world = begin(spec)
    happen(world, events)
    heal(world)
    world.push("final")
    for _ in range(12):
        answer_as_people_would(world)
        world.walk(300)
    assert world.record.phase is Phase.SUCCEEDED, world.last
    assert world.record.promoted[0].revision == digest("final") == world.placed.primary


@WALKS
@given(SPECS, walks(OUTAGE))
def test_outages_never_roll_back_and_a_healthy_revision_is_promoted_after_them(spec: Spec, events: list[Event]) -> None:
    world = begin(spec)
    happen(world, events)
    heal(world)
    world.walk(3600)
    assert Action.ROLLBACK not in {entry.action for entry in world.log}
    assert Action.HALT not in {entry.action for entry in world.log}
    assert world.record.quarantine == ()
    assert world.record.phase is Phase.SUCCEEDED, world.last
    assert world.placed.primary == digest("r2")


@WALKS
@given(SPECS, walks(st.one_of(FAULTS, OUTAGE)))
def test_a_revision_that_failed_once_is_never_tried_again(spec: Spec, events: list[Event]) -> None:
    world = begin(spec)
    happen(world, events)
    after = dropwhile(lambda entry: entry.phase is not Phase.FAILED, world.log)
    assert {entry.action for entry in after} <= {Action.ROLLBACK, Action.SCALE_DOWN}


@pytest.mark.parametrize("on_no_data", list(OnNoData))
def test_a_rollout_that_nothing_disturbs_keeps_all_laws(on_no_data: OnNoData) -> None:
    world = begin(make_spec(*HOOKS, on_no_data=on_no_data))
    world.walk_to(Phase.SUCCEEDED)
    assert world.placed.primary == digest("r2")

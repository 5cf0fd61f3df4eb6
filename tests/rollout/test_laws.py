"""Laws that hold whatever happens: people, outages and faults in any order, walked from rest."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import dropwhile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitcanary.rollout.decision import Wait
from gitcanary.rollout.spec import HookType, OnNoData, Spec
from gitcanary.rollout.state import Action, Phase, Verb
from support.beliefs import believe
from support.canaries import digest, hook, make_spec
from support.situations import idle_world
from support.world import GATES, World

HOOKS = (*GATES, HookType.PRE_ROLLOUT, HookType.ROLLOUT, HookType.POST_ROLLOUT, HookType.ROLLBACK)
OUTAGES = (None, 302, 408, 429, 502, 503, 504)
SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
WALKS = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=SLOW_IS_FINE)


Event = tuple[str, object]  # what happens, a key of EVENTS, and its value


def set_weight(world: World, weight: int) -> None:
    if world.placed.weight is not None:
        world.write_weight(weight)


def ask_for(world: World, verb: Verb) -> None:
    if world.record is not None:
        world.request(verb)


def edit_record(world: World, failed_checks: int) -> None:
    if world.record is not None:
        world.edit_record(failed_checks=failed_checks)


def turn_sync(world: World, is_on: bool) -> None:
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
    "record": edit_record,
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
    happens("record", st.just(2)),
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

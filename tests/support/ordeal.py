"""A rollout that meets one trouble after the other: while one lasts nothing moves, and once it is over all goes on."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta

from support.apps import seed_canary, without_autoscaler
from support.environment import Environment

MINUTE = timedelta(minutes=1)
TURNS = 8
Trouble = Callable[[], AbstractContextManager[object]]


def many_steps() -> dict[str, str]:
    """Return the seed's folder with a rollout of so many commits that each may meet a trouble of its own."""
    return without_autoscaler(canary=seed_canary().replace("stepWeight: 10", "stepWeight: 3"))


def expected(environment: Environment) -> list[str]:
    """Return the subjects of a rollout of 6.0.1 that nothing disturbs."""
    weights = [*range(3, 50, 3), 50]
    assert "stepWeight: 3\n" in environment.read("canary.yaml")
    return [
        "podinfo 6.0.1",
        "Start test/podinfo: 6.0.0 -> 6.0.1",
        *(f"Advance test/podinfo to {weight}%" for weight in weights),
        "Promote test/podinfo: primary runs 6.0.1",
        "Finish test/podinfo: all traffic to the primary",
        "Scale down test/podinfo: 2 -> 0 replicas",
    ]


def turn(environment: Environment, count: int = TURNS, every: timedelta = timedelta(seconds=15)) -> None:
    """Let the process have some turns, as its scheduler would."""
    for _ in range(count):
        environment.clock.pass_(every)
        environment.sync.notice()
        environment.controller.turns.run()


def turn_until_moved(environment: Environment) -> None:
    """Let the process have turns until it commits."""
    before = environment.remote.tip
    for _ in range(40):
        turn(environment, 1)
        if environment.remote.tip != before:
            return
    raise AssertionError(f"it does not go on: {environment.told.told[-3:]}")


def stand_still(environment: Environment, name: str, trouble: Trouble) -> None:
    """Meet a trouble for as long as a step takes: nothing is committed, it is told once, and told to be over."""
    told = environment.told
    tip, before, over = environment.remote.tip, len(told.named("outage")), len(told.named("recovered"))
    with trouble():
        turn(environment)
        assert environment.remote.tip == tip, name
        assert len(told.named("outage")) == before + 1, (name, told.named("outage")[before:])
        assert not told.named("defect"), (name, told.named("defect"))
    turn_until_moved(environment)
    assert len(told.named("recovered")) == over + 1, name


def ends_as_ever(environment: Environment) -> None:
    """Let the rollout end, and compare all of it with one that nothing disturbed."""
    end = expected(environment)
    for _ in range(200):
        if environment.subjects[-1] == end[-1] and environment.subjects[-2] == end[-2]:
            break
        turn(environment, 1)
    mine = environment.subjects[environment.subjects.index(end[0]) :]
    assert [subject for subject in mine if "README" not in subject] == end


def run_through(environment: Environment, troubles: Sequence[tuple[str, Trouble]]) -> None:
    """Roll out through all troubles, one after the other."""
    environment.set_image("6.0.1")
    turn_until_moved(environment)
    for name, trouble in troubles:
        stand_still(environment, name, trouble)
    ends_as_ever(environment)

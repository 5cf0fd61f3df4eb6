"""Scenarios 15 and 17: lost answers and races."""

from datetime import timedelta

import pytest

from gitcanary.errors import Unreachable
from gitcanary.ports import Pushed
from gitcanary.rollout.state import Phase
from support.environment import Environment, Process


class Interrupted(Exception):
    """The process died here."""


def test_15_killed_after_the_push_was_accepted_the_next_process_goes_on_from_there(environment) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    push = environment.controller.mirror.push

    def push_and_die(tip: str, new: str) -> Pushed:
        push(tip, new)
        raise Interrupted

    environment.controller.mirror.push = push_and_die
    try:
        environment.run_to(Phase.SUCCEEDED)
    except Interrupted:
        environment.restart()
    assert environment.subjects[-1] == "Advance test/podinfo to 30%"
    environment.run_to(Phase.SUCCEEDED)
    advances = [subject for subject in environment.subjects if subject.startswith("Advance")]
    assert advances == [f"Advance test/podinfo to {weight}%" for weight in (10, 20, 30, 40, 50)]


def test_15_an_answer_that_was_lost_is_settled_by_the_next_fetch(environment) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    push = environment.controller.mirror.push

    def lose_answer(tip: str, new: str) -> Pushed:
        push(tip, new)
        del environment.controller.mirror.push
        raise Unreachable("the connection was reset")

    environment.controller.mirror.push = lose_answer
    environment.told.told.clear()
    with pytest.raises(Unreachable):
        environment.run_to(Phase.SUCCEEDED)
    environment.run_to(Phase.SUCCEEDED)
    told = [decision["subject"] for decision in environment.told.named("decision")]
    assert told == environment.subjects[-len(told) :]
    assert told[0] == "Advance test/podinfo to 30%", "what landed unheard is told of too"
    advances = [subject for subject in environment.subjects if subject.startswith("Advance")]
    assert advances == [f"Advance test/podinfo to {weight}%" for weight in (10, 20, 30, 40, 50)]


def test_17_a_push_of_an_unrelated_file_costs_no_second_query(environment: Environment) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    environment.prometheus.asked.clear()
    mirror = environment.controller.mirror
    push = mirror.push

    def race(tip: str, new: str) -> Pushed:
        mirror.push = push
        environment.commit({"README.md": "Edited meanwhile.\n"}, "Edit the README")
        return push(tip, new)

    mirror.push = race
    environment.run_until(lambda: environment.record.weight == 30)
    assert len(environment.prometheus.asked) == 1
    assert environment.subjects[-2:] == ["Edit the README", "Advance test/podinfo to 30%"]
    [first, second] = [told["outcome"] for told in environment.told.named("push")][-2:]
    assert (first, second) == ("raced", "landed")


def test_several_processes_on_one_branch_make_one_history(environment: Environment) -> None:
    other: Process = environment.start()
    try:
        environment.set_image("6.0.1")
        while environment.record.phase is not Phase.SUCCEEDED:
            environment.step(timedelta(seconds=5))
            other.settle()
    finally:
        other.close()
    advances = [subject for subject in environment.subjects if subject.startswith("Advance")]
    assert advances == [f"Advance test/podinfo to {weight}%" for weight in (10, 20, 30, 40, 50)]

"""Scenarios 17, 43, 53 and their like: who else writes to the branch, and how often."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from gitcanary.controller.publisher import urgent
from gitcanary.ports import Outcome, Pushed
from gitcanary.rollout.state import Action, Phase
from support.environment import Environment, Process

ROLLOUT = """
import sys
from pathlib import Path
from gitcanary.rollout.state import Phase
from support.apps import without_autoscaler
from support.environment import Environment

with Environment(Path(sys.argv[1]), without_autoscaler()) as environment:
    environment.onboard()
    environment.set_image("6.0.1")
    environment.run_to(Phase.SUCCEEDED)
    environment.prometheus.values["request-success-rate"] = 90.0
    environment.set_image("6.0.2")
    environment.run_to(Phase.FAILED)
    print(environment.remote.git("log", "--format=%H %T%n%B", environment.remote.ref))
"""


def test_53_two_processes_make_the_same_commits_to_the_last_byte(tmp_path: Path) -> None:
    logs = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-c", ROLLOUT, str(folder)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        logs.append(ran.stdout)
    assert logs[0] == logs[1]
    assert "Roll back test/podinfo" in logs[0]


def test_43_two_controllers_that_see_the_same_failing_check_make_one_halt_of_it(environment: Environment) -> None:
    other: Process = environment.start()
    try:
        environment.set_image("6.0.1")
        environment.run_until(lambda: environment.record.weight == 20)
        environment.prometheus.values["request-success-rate"] = 90.0
        while environment.record.phase is not Phase.FAILED:
            environment.step(timedelta(seconds=5))
            other.settle()
    finally:
        other.close()
    failed = [subject for subject in environment.subjects if subject.startswith(("Halt", "Roll back"))]
    reason = "request-success-rate 90 % < 99"
    assert failed == [
        f"Halt test/podinfo at 20%: {reason} (1 of 3)",
        f"Halt test/podinfo at 20%: {reason} (2 of 3)",
        f"Roll back test/podinfo: {reason} (3 of 3)",
    ]


@pytest.mark.parametrize("value", [99.9, 90.0])
def test_17_a_person_who_is_faster_five_times_costs_no_second_query(environment: Environment, value: float) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    environment.prometheus.values["request-success-rate"] = value
    environment.prometheus.asked.clear()
    mirror, left = environment.controller.mirror, 5
    push = mirror.push

    def race(tip: str, new: str) -> Pushed:
        nonlocal left
        if left:
            left -= 1
            environment.commit({"README.md": f"{left} to go\n"}, f"Edit {left}")
        return push(tip, new)

    mirror.push = race
    tip = environment.remote.tip
    environment.run_until(lambda: not left and environment.ours[-1].commit == environment.remote.tip)
    assert len(environment.prometheus.asked) == 1
    assert environment.remote.git("rev-list", "--count", f"{tip}..{environment.remote.tip}").strip() == "6"
    outcomes = [told["outcome"] for told in environment.told.named("push")][-6:]
    assert outcomes == ["raced"] * 5 + ["landed"]


def test_a_remote_that_calls_every_push_raced_is_an_outage_and_no_loop(environment: Environment) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    attempts = 0

    def refuse(_tip: str, _new: str) -> Pushed:
        nonlocal attempts
        attempts += 1
        return Pushed(Outcome.RACED)

    environment.controller.mirror.push = refuse
    environment.clock.pass_(timedelta(minutes=2))
    environment.sync.notice()
    environment.controller.turns.run()
    environment.controller.turns.run()
    assert attempts == 6
    assert len(environment.told.named("outage")) == 1


def decision(path: str, action: Action) -> tuple[SimpleNamespace, SimpleNamespace]:
    return SimpleNamespace(key=path), SimpleNamespace(action=action)


def test_after_a_lost_race_the_way_back_goes_alone_and_all_else_by_halves() -> None:
    forth = [decision(f"app-{number}", Action.ADVANCE) for number in range(8)]
    back = [decision("z", Action.ROLLBACK), decision("y", Action.RESTART)]
    assert urgent(forth + back, 0) == back[::-1] + forth
    assert urgent(forth + back, 1) == back[::-1][:1]
    assert [len(urgent(forth, lost)) for lost in range(6)] == [8, 4, 2, 1, 1, 1]
    assert urgent([], 3) == []


JUMPS = [timedelta(hours=3), timedelta(hours=-3), timedelta(days=2), timedelta(days=-2), timedelta(seconds=-40)]


@pytest.mark.parametrize("is_inside", [False, True], ids=["between rounds", "inside a round"])
def test_a_clock_that_jumps_changes_no_decision(environment: Environment, is_inside: bool) -> None:
    environment.set_image("6.0.1")
    for weight, jump in zip((10, 20, 30, 40, 50), JUMPS, strict=True):
        environment.run_until(lambda weight=weight: environment.record.weight == weight)
        if is_inside:
            ask = environment.prometheus.ask

            def leap(metrics: object, at: object, jump: timedelta = jump, ask: object = ask) -> object:
                environment.prometheus.ask = ask
                environment.clock.pass_(jump)
                return ask(metrics, at)

            environment.prometheus.ask = leap
        else:
            environment.clock.pass_(jump)
    environment.run_to(Phase.SUCCEEDED)
    subjects = environment.subjects[environment.subjects.index("podinfo 6.0.1") + 1 :]
    assert subjects == [
        "Start test/podinfo: 6.0.0 -> 6.0.1",
        *(f"Advance test/podinfo to {weight}%" for weight in (10, 20, 30, 40, 50)),
        "Promote test/podinfo: primary runs 6.0.1",
        "Finish test/podinfo: all traffic to the primary",
        "Scale down test/podinfo: 2 -> 0 replicas",
    ]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_clock_that_jumps_delays_no_rollback(environment: Environment, jump: timedelta) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    environment.prometheus.values["request-success-rate"] = 90.0
    environment.clock.pass_(jump)
    environment.run_to(Phase.FAILED, within=timedelta(minutes=10))

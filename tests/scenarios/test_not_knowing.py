"""Scenarios 8, 9, 11, 40, 48 and 52: what is not known moves nothing, and nothing is judged that is not live."""

from datetime import timedelta

import pytest

from gitcanary.rollout.state import Phase
from support.apps import seed_canary, without_autoscaler
from support.environment import Environment

INTERVAL = timedelta(minutes=1)


def reach(environment: Environment, weight: int, tag: str = "6.0.1") -> None:
    """Bring a revision to a weight."""
    environment.set_image(tag)
    environment.run_until(lambda: environment.record.weight == weight)


def test_08_nothing_that_could_approve_is_asked_before_the_window_is_full(environment) -> None:
    reach(environment, 20)
    environment.run_until(lambda: environment.sync.look(environment.clock.now()).revision == environment.remote.tip)
    live = environment.sync.look(environment.clock.now()).at
    environment.prometheus.asked.clear()
    environment.run_until(lambda: environment.record.weight == 30)
    assert environment.ours[-1].subject == "Advance test/podinfo to 30%"
    [(asked, names)] = environment.prometheus.asked
    assert names == {"request-success-rate", "request-duration"}
    assert asked - live >= timedelta(minutes=1, seconds=15)


def test_09_a_live_weight_that_fails_is_rolled_back_although_the_next_one_is_pending(environment) -> None:
    reach(environment, 20)
    environment.run_until(lambda: environment.record.weight == 30)
    environment.sync.is_stopped = True
    environment.prometheus.values["request-success-rate"] = 50.0
    environment.run_to(Phase.FAILED, timedelta(minutes=10))
    assert [line.subject.split(":")[0] for line in environment.ours[-3:]] == [
        "Halt test/podinfo at 30%",
        "Halt test/podinfo at 30%",
        "Roll back test/podinfo",
    ]


@pytest.mark.parametrize(
    "answer",
    ["connection refused", None, float("nan"), float("inf"), "2 series where one is expected"],
    ids=["down", "no series", "NaN", "Inf", "two series"],
)
def test_11_ten_rounds_without_a_verdict_move_nothing(environment, answer) -> None:
    reach(environment, 20)
    tip = environment.remote.tip
    environment.prometheus.values["request-success-rate"] = answer
    environment.run(10 * INTERVAL)
    assert environment.remote.tip == tip
    assert environment.record.failed_checks == 0
    environment.prometheus.values["request-success-rate"] = 99.9
    environment.run_until(lambda: environment.record.weight == 30, within=2 * INTERVAL)


def overdue(environment: Environment, kind: str) -> list[object]:
    return [told["why"] for told in environment.told.named("overdue") if told["for"] == kind]


def recovered(environment: Environment) -> list[object]:
    return [told["for"] for told in environment.told.named("recovered")]


@pytest.mark.parametrize("gate", ["confirm-rollout", "confirm-traffic-increase", "confirm-promotion"])
def test_11_a_gate_that_cannot_be_reached_moves_nothing_and_is_told_once(make, gate) -> None:
    hook = f"- name: gate\n        type: {gate}\n        url: http://gate.test/\n      - name: load-test"
    environment = make(without_autoscaler(canary=seed_canary().replace("- name: load-test", hook)))
    environment.onboard()
    environment.hooks.statuses["gate"] = None
    environment.set_image("6.0.1")
    environment.run(timedelta(minutes=40))
    tip = environment.remote.tip
    environment.run(timedelta(minutes=40))
    assert environment.remote.tip == tip
    assert overdue(environment, "data") == [f"{gate} (gate) could not be asked: cannot be reached"]
    assert recovered(environment) == []
    environment.hooks.statuses.clear()
    environment.run_to(Phase.SUCCEEDED)
    assert recovered(environment) == ["data"]
    assert environment.record.quarantine == ()


def test_11_one_alert_for_an_outage_whatever_else_is_out_of_order_meanwhile(environment) -> None:
    reach(environment, 20)
    environment.prometheus.values["request-success-rate"] = "connection refused"
    environment.run(timedelta(minutes=20))
    for _ in range(3):
        environment.sync.trouble = "answered 503"
        environment.run(timedelta(minutes=2))
        environment.sync.trouble = None
        environment.run(timedelta(minutes=20))
    assert overdue(environment, "data") == ["request-success-rate is without a verdict (error: connection refused)"]
    environment.prometheus.values["request-success-rate"] = 99.9
    environment.run_until(lambda: environment.record.weight == 30)
    assert recovered(environment).count("data") == 1


def test_11_a_load_tester_that_cannot_be_reached_moves_nothing(environment) -> None:
    reach(environment, 20)
    tip = environment.remote.tip
    environment.hooks.statuses["load-test"] = None
    environment.run(10 * INTERVAL)
    assert environment.remote.tip == tip


def test_11_one_alert_for_an_outage_that_lasts(environment) -> None:
    reach(environment, 20)
    environment.prometheus.values["request-success-rate"] = "connection refused"
    environment.run(timedelta(minutes=40))
    alerts = [told for told in environment.told.named("overdue") if told["for"] == "data"]
    assert len(alerts) == 1


def test_40_a_good_revision_gets_no_failed_check_from_its_predecessors_traffic(environment) -> None:
    reach(environment, 20)
    bad = environment.clock.now()
    environment.prometheus.values["request-success-rate"] = 80.0
    environment.run_to(Phase.FAILED)
    good = environment.clock.now()
    # Prometheus answers for a window: any of it in the bad revision's time is bad.
    environment.prometheus.values["request-success-rate"] = lambda at: (
        80.0 if bad < at - timedelta(minutes=1) < good else 99.9
    )
    environment.set_image("6.0.2")
    environment.run_to(Phase.SUCCEEDED)
    after = environment.subjects[environment.subjects.index("podinfo 6.0.2") + 1 :]
    assert not [subject for subject in after if subject.startswith("Halt")]


def test_48_a_canary_that_is_live_and_never_ready_is_rolled_back_at_the_deadline(environment) -> None:
    environment.sync.unready.add("test/podinfo")
    environment.set_image("6.0.1")
    environment.run_to(Phase.FAILED, timedelta(minutes=12))
    assert "Roll back test/podinfo: canary not ready within 600 s" in environment.subjects[-2:]


def test_48_a_canary_that_is_not_live_is_not_rolled_back(environment) -> None:
    environment.sync.unready.add("test/podinfo")
    environment.set_image("6.0.1")
    environment.settle()
    environment.sync.is_stopped = True
    environment.run(timedelta(minutes=30))
    assert environment.record.phase is Phase.PROGRESSING
    assert environment.subjects[-1].startswith("Start")


def test_52_without_data_the_first_advance_comes_all_the_same_and_no_second(environment) -> None:
    environment.prometheus.values.update({"request-success-rate": None, "request-duration": None})
    environment.set_image("6.0.1")
    environment.run(timedelta(minutes=30))
    assert environment.subjects[-2:] == ["Start test/podinfo: 6.0.0 -> 6.0.1", "Advance test/podinfo to 10%"]

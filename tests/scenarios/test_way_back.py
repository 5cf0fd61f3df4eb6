"""Scenarios 6, 12, 18, 27, 41, 44, 46, 49, 50: what leads back, and what must not stand in its way."""

from datetime import timedelta
from itertools import pairwise

import pytest

from gitcanary.errors import Rewound
from gitcanary.manifests import record_file
from gitcanary.rollout.state import Phase, Request
from support.apps import seed_canary, without_autoscaler
from support.environment import APP, Environment

HOUR = timedelta(hours=1)
BAD = 50.0


def with_hooks(*kinds: str) -> dict[str, str]:
    """Return the seed's folder with webhooks more, each named after its type."""
    more = "".join(f"      - {{name: {kind}, type: {kind}, url: http://gates.test/{kind}}}\n" for kind in kinds)
    return without_autoscaler(canary=seed_canary().replace("    webhooks:\n", f"    webhooks:\n{more}"))


@pytest.fixture
def gated(make) -> Environment:
    """Bring a canary under control whose promotion somebody approves, and which has a button to roll back."""
    environment = make(with_hooks("confirm-promotion", "rollback"))
    environment.hooks.statuses = {"confirm-promotion": 403, "rollback": 403}
    environment.onboard()
    environment.set_image("6.0.1")
    return environment


def reach(environment: Environment, weight: int) -> None:
    """Bring 6.0.1 to a weight."""
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == weight)


def ask(environment: Environment, verb: str) -> str:
    """Put a request in the record, as Mia."""
    text = record_file.set_request(environment.read("podinfo.rollout").encode(), Request(verb, "the alert"))
    return environment.commit({f"{APP}/podinfo.rollout": text}, f"Ask to {verb}")


def actions(environment: Environment, after: int) -> list[str]:
    """Return the first word of each commit of ours, but for so many."""
    return [line.subject.split()[0] for line in environment.ours[after:]]


def test_06_a_promotion_whose_primary_crashes_gives_the_old_values_back_before_the_traffic(environment) -> None:
    reach(environment, 50)
    environment.run_to(Phase.PROMOTING)
    before = len(environment.ours)
    environment.sync.unready.add("test/podinfo-primary")
    environment.sync.not_ready_since = environment.clock.now()
    environment.run_until(lambda: environment.record.restoring is not None)
    assert "podinfo:6.0.0" in environment.read("podinfo.primary.yaml")
    assert environment.record.weight == 50
    environment.run(timedelta(minutes=5))
    assert environment.record.weight == 50, "until the old primary is ready"
    environment.sync.unready.clear()
    environment.run_to(Phase.FAILED)
    environment.run(timedelta(minutes=1))
    assert actions(environment, before) == ["Roll", "Roll", "Scale"]


def test_12_a_canary_that_fails_after_two_hours_of_waiting_for_its_approval_is_rolled_back(gated) -> None:
    gated.run_to(Phase.WAITING_PROMOTION)
    before = len(gated.ours)
    gated.run(2 * HOUR)
    assert actions(gated, before) == []
    gated.prometheus.values["request-success-rate"] = BAD
    gated.run_to(Phase.FAILED)
    assert actions(gated, before) == ["Halt", "Halt", "Roll"]


def test_18_a_rewound_branch_is_said_and_nothing_is_resurrected(environment) -> None:
    reach(environment, 20)
    environment.remote.rewind(f"{environment.remote.tip}~2")
    tip = environment.remote.tip
    for _ in range(3):
        with pytest.raises(Rewound, match="was rewound"):
            environment.step(HOUR)
    assert environment.remote.tip == tip


def test_27_steps_that_a_person_edits_in_mid_run_reset_nothing_and_the_commit_says_so(environment) -> None:
    reach(environment, 20)
    environment.edit("canary.yaml", "stepWeight: 10", "stepWeight: 15")
    environment.run_until(lambda: environment.record.weight != 20)
    assert environment.record.weight == 30
    assert "canary.yaml changed since: " in environment.remote.log()[0].message
    assert "stepWeight" in environment.remote.log()[0].message


def test_41_a_revision_that_comes_while_another_is_promoted_waits_its_turn_without_weight(environment) -> None:
    reach(environment, 50)
    environment.run_to(Phase.PROMOTING)
    before = len(environment.ours)
    environment.set_image("6.0.2")
    environment.run_until(lambda: environment.record.phase is Phase.PROGRESSING and environment.record.weight == 10)
    assert actions(environment, before) == ["Restart", "Finish", "Start", "Advance"]
    assert "podinfo:6.0.1" in environment.read("podinfo.primary.yaml")


@pytest.mark.parametrize("jump", [-HOUR, HOUR], ids=["the clock falls back", "the clock leaps"])
def test_44_a_clock_that_jumps_delays_no_rollback(environment, jump: timedelta) -> None:
    reach(environment, 20)
    environment.run(timedelta(seconds=70))
    environment.clock.pass_(jump)
    environment.sync.pin(None)  # its clock was right all along
    environment.prometheus.values["request-success-rate"] = BAD
    began = environment.clock.now()
    environment.run_to(Phase.FAILED)
    assert environment.clock.now() - began <= timedelta(minutes=6)


def test_46_a_hold_does_not_keep_the_weight_from_a_revision_that_is_gone(environment) -> None:
    reach(environment, 20)
    text = environment.read("podinfo.routing.yaml").replace("weight: 80\n", "weight: 30\n")
    environment.commit({f"{APP}/podinfo.routing.yaml": text.replace("weight: 20\n", "weight: 70\n")}, "70 by hand")
    environment.run(timedelta(minutes=1))
    assert environment.record.hold is not None
    environment.set_image("6.0.2")
    environment.settle()
    assert environment.subjects[-1] == "Restart test/podinfo: 6.0.1 -> 6.0.2"
    assert (environment.record.weight, environment.record.hold) == (0, None)


@pytest.mark.parametrize("phase", [Phase.PROGRESSING, Phase.WAITING_PROMOTION])
def test_49_a_rollback_names_who_asked_for_it(gated, phase: Phase) -> None:
    gated.run_until(lambda: gated.record.phase is phase and gated.record.weight > 0)
    asked = ask(gated, "abort")
    gated.settle()
    assert gated.ours[-1].subject == "Roll back test/podinfo: aborted by Mia"
    assert f"Asked for by Mia in {asked[:7]}: the alert" in gated.ours[-1].message.splitlines()


@pytest.mark.parametrize("phase", [Phase.PROGRESSING, Phase.WAITING_PROMOTION])
def test_49_a_rollback_names_the_webhook_that_asked_for_it(gated, phase: Phase) -> None:
    gated.run_until(lambda: gated.record.phase is phase and gated.record.weight > 0)
    gated.hooks.statuses["rollback"] = 200
    gated.run_to(Phase.FAILED, timedelta(minutes=3))
    assert "Roll back test/podinfo: asked for by rollback" in gated.subjects


def test_50_a_suspended_canary_that_fails_is_rolled_back(environment) -> None:
    reach(environment, 20)
    environment.edit("canary.yaml", "spec:\n", "spec:\n  suspend: true\n")
    environment.run(timedelta(minutes=10))
    assert environment.record.weight == 20
    environment.prometheus.values["request-success-rate"] = BAD
    environment.run_to(Phase.FAILED)


def test_50_a_spent_push_budget_delays_steps_and_no_rollback(environment) -> None:
    environment.pushes_per_minute = 1
    environment.restart()
    reach(environment, 10)
    environment.prometheus.values["request-success-rate"] = BAD
    environment.run_to(Phase.FAILED)
    failed = [line.committed_at for line in environment.ours if line.subject.startswith(("Halt", "Roll"))]
    assert [later - earlier for earlier, later in pairwise(failed)] == [timedelta(minutes=1)] * 2


def test_a_push_budget_is_kept_and_what_waits_for_it_is_decided_when_it_is_pushed(make) -> None:
    environment = make({**without_autoscaler(), **without_autoscaler("apps/other")})
    environment.onboard()
    environment.pushes_per_minute = 2
    environment.restart()
    began = environment.clock.now()
    for app in (APP, "apps/other"):
        text = environment.remote.read(f"{app}/deployment.yaml").replace("6.0.0", "6.0.1")
        environment.commit({f"{app}/deployment.yaml": text}, "6.0.1")
        environment.run(timedelta(seconds=10))
    environment.run_to(Phase.SUCCEEDED)
    pushes = sorted({line.committed_at for line in environment.ours if line.committed_at > began})
    spans = [later - earlier for earlier, later in zip(pushes, pushes[2:], strict=False)]
    assert min(spans) >= timedelta(minutes=1)
    assert [told for told in environment.told.named("wait") if told["for"] == "budget"]


def test_a_pause_does_not_keep_a_promoted_canarys_weight(environment) -> None:
    reach(environment, 50)
    environment.run_to(Phase.PROMOTING)
    ask(environment, "pause")
    environment.run(timedelta(minutes=5))
    assert (environment.record.phase, environment.record.weight) == (Phase.FINALISING, 0)
    assert environment.record.paused is not None
    ask(environment, "resume")
    environment.run_to(Phase.SUCCEEDED)

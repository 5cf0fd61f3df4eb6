"""Scenarios 1 to 5 and 7: the plain rollout, told by its `git log`."""

from datetime import timedelta
from itertools import pairwise

from gitcanary.rollout.state import Phase
from support.apps import seed, without_autoscaler
from support.environment import Environment

ONBOARDED = [
    "Initialize test/podinfo: primary created from 6.0.0",
    "Route test/podinfo through its primary",
]
PROMOTED = [
    "podinfo 6.0.1",
    "Start test/podinfo: 6.0.0 -> 6.0.1",
    "Advance test/podinfo to 10%",
    "Advance test/podinfo to 20%",
    "Advance test/podinfo to 30%",
    "Advance test/podinfo to 40%",
    "Advance test/podinfo to 50%",
    "Promote test/podinfo: primary runs 6.0.1",
    "Finish test/podinfo: all traffic to the primary",
]


def promote(environment: Environment, tag: str = "6.0.1") -> None:
    """Bring a revision to its end."""
    environment.set_image(tag)
    environment.run_to(Phase.SUCCEEDED)


def test_01_the_seed_with_an_autoscaler_is_rolled_out_in_eight_commits(make) -> None:
    environment = make(seed())
    environment.onboard()
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.phase is Phase.SUCCEEDED)
    environment.run(timedelta(minutes=5))
    assert environment.subjects == [*ONBOARDED, *PROMOTED]
    for line in environment.ours:
        patch = environment.remote.git("show", "--format=", line.commit, "--", "apps/podinfo/deployment.yaml")
        assert not patch, "an autoscaler owns the target: no commit of ours touches it"
    assert "replicas:" not in environment.read("podinfo.primary.yaml").replace("minReplicas:", "").replace(
        "maxReplicas:", ""
    )


def test_01_each_advance_names_the_live_commit_that_it_was_judged_on(environment) -> None:
    promote(environment)
    advances = [line for line in environment.ours if line.subject.startswith("Advance")]
    for before, line in pairwise(advances):
        assert f"Gitcanary-Live: {before.commit}" in line.message


def test_01_without_an_autoscaler_the_last_of_nine_scales_down(make) -> None:
    environment = make(without_autoscaler())
    environment.onboard()
    promote(environment)
    environment.run(timedelta(minutes=5))
    scaled_down = "Scale down test/podinfo: 2 -> 0 replicas"
    assert environment.subjects == [*ONBOARDED, scaled_down, *PROMOTED, scaled_down]


def test_02_a_new_revision_takes_the_weight_to_zero_and_is_never_promoted_on_its_predecessors_evidence(
    environment,
) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    environment.set_image("6.0.2")
    environment.step(timedelta(seconds=5))
    assert environment.record.weight == 0
    assert environment.record.failed_checks == 0
    environment.run_to(Phase.SUCCEEDED)
    after = environment.subjects[environment.subjects.index("podinfo 6.0.2") + 1 :]
    assert after == [
        "Restart test/podinfo: 6.0.1 -> 6.0.2",
        "Advance test/podinfo to 10%",
        "Advance test/podinfo to 20%",
        "Advance test/podinfo to 30%",
        "Advance test/podinfo to 40%",
        "Advance test/podinfo to 50%",
        "Promote test/podinfo: primary runs 6.0.2",
        "Finish test/podinfo: all traffic to the primary",
        "Scale down test/podinfo: 2 -> 0 replicas",
    ]


def test_03_the_target_set_back_to_the_promoted_revision_ends_the_rollout_without_a_second_run(environment) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    environment.set_image("6.0.0")
    environment.run(timedelta(minutes=20))
    after = environment.subjects[environment.subjects.index("podinfo 6.0.0") + 1 :]
    assert [subject.split()[0] for subject in after] == ["Finish", "Scale"]
    assert environment.record.phase is Phase.SUCCEEDED
    assert environment.record.weight == 0


def test_04_a_revision_that_was_promoted_before_is_promoted_without_steps(environment) -> None:
    promote(environment)
    environment.run(timedelta(minutes=1))
    environment.set_image("6.0.0")
    environment.run(timedelta(minutes=20))
    after = environment.subjects[environment.subjects.index("podinfo 6.0.0") + 1 :]
    assert [subject.split()[0] for subject in after] == ["Promote", "Finish"]
    assert "promoted before" in after[0]
    assert "podinfo:6.0.0" in environment.read("podinfo.primary.yaml")
    assert environment.record.phase is Phase.SUCCEEDED


def test_05_a_rollback_changes_weights_first_and_scales_down_once_they_were_seen_live(environment) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 50)
    environment.prometheus.values["request-success-rate"] = 91.1
    environment.run_to(Phase.FAILED)
    rollback = environment.ours[-1]
    assert rollback.subject == "Roll back test/podinfo: request-success-rate 91.1 % < 99 (3 of 3)"
    changed = environment.remote.git("show", "--format=", "--name-only", rollback.commit).split()
    assert changed == ["apps/podinfo/podinfo.rollout", "apps/podinfo/podinfo.routing.yaml"]
    environment.sync.is_stopped = True
    environment.run(timedelta(minutes=5))
    assert environment.ours[-1].commit == rollback.commit, "100/0 is not live yet: the pods stay"
    environment.sync.is_stopped = False
    environment.run(timedelta(minutes=1))
    assert environment.ours[-1].subject == "Scale down test/podinfo: 2 -> 0 replicas"
    assert environment.record.phase is Phase.FAILED
    assert [entry.reason for entry in environment.record.quarantine] == ["request-success-rate 91.1 % < 99 (3 of 3)"]


def test_07_a_deleted_canary_is_taken_to_100_0_and_then_left_alone(environment) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 30)
    environment.commit({"apps/podinfo/canary.yaml": None}, "Remove the canary")
    environment.run(timedelta(minutes=20))
    after = environment.subjects[environment.subjects.index("Remove the canary") + 1 :]
    assert [subject.split(":")[0] for subject in after] == ["Roll back test/podinfo"]
    assert environment.record.phase is Phase.TERMINATED
    assert environment.record.quarantine == ()

"""Outages, rules against a push, other people's mistakes: one canary's trouble is no other's."""

from datetime import timedelta

from gitcanary.manifests import record_file
from gitcanary.rollout.state import Phase
from support.apps import without_autoscaler
from support.environment import APP, Environment


def reach(environment: Environment, weight: int) -> None:
    """Bring 6.0.1 to a weight."""
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == weight)


def decline(environment: Environment, path: str) -> None:
    """Have the remote decline every push that touches a folder."""
    script = f'while read old new ref; do git diff --name-only $old $new | grep -q "^{path}/" && exit 1; done; exit 0'
    environment.remote.hook("pre-receive", script)


def test_20_nothing_is_committed_on_evidence_that_got_old_while_pushes_were_declined(environment) -> None:
    reach(environment, 20)
    decline(environment, APP)
    environment.run(timedelta(minutes=5))
    environment.prometheus.values["request-success-rate"] = 12.0
    environment.run(timedelta(hours=1))
    attempts = [told for told in environment.told.named("push") if told["outcome"] == "declined"]
    assert len(attempts) <= 7, "one attempt every ten minutes"
    environment.remote.hook("pre-receive", "exit 0")
    before = len(environment.ours)
    environment.run_until(lambda: len(environment.ours) > before)
    assert environment.ours[before].subject.startswith("Halt test/podinfo at 20%")


def test_a_rule_against_one_canary_holds_up_no_other(make) -> None:
    environment = make({**without_autoscaler(), **without_autoscaler("apps/other")})
    environment.onboard()
    environment.set_image("6.0.1")
    text = environment.remote.read("apps/other/deployment.yaml").replace("6.0.0", "6.0.1")
    environment.commit({"apps/other/deployment.yaml": text}, "other 6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    decline(environment, "apps/other")
    environment.prometheus.values["request-success-rate"] = 12.0
    environment.run_to(Phase.FAILED, timedelta(minutes=15))
    assert environment.record.weight == 0


def test_a_weight_that_was_gone_in_between_is_judged_anew(environment) -> None:
    reach(environment, 20)
    environment.run(timedelta(seconds=50))
    back = environment.ours[-2].commit
    environment.sync.pin(back)
    environment.run(timedelta(minutes=30))
    environment.sync.pin(None)
    returned = environment.clock.now()
    environment.run_until(lambda: environment.record.weight == 30)
    assert environment.clock.now() - returned >= timedelta(minutes=1, seconds=15)


def test_a_record_that_points_at_nothing_blinds_nobody(environment) -> None:
    text = record_file.write(environment.record).decode().replace(environment.record.spec, "ab" * 20)
    files = {"apps/lost/lost.rollout": text, "apps/lost/README.md": "Its Canary is gone.\n"}
    environment.commit(files, "A record without its history")
    environment.restart()
    reach(environment, 20)
    [refused] = environment.told.named("refused")
    assert "is no file of this repository" in refused["reason"]


def test_a_mistake_in_one_clusters_canary_stops_no_other_cluster(make) -> None:
    environment = make({**without_autoscaler("east/podinfo"), **without_autoscaler("west/podinfo")})
    environment.app = "east/podinfo"
    environment.onboard()
    reach(environment, 20)
    text = environment.remote.read("west/podinfo/canary.yaml").replace("threshold: 3", "threshold: many")
    environment.commit({"west/podinfo/canary.yaml": text}, "A typo")
    environment.run_until(lambda: environment.record.weight == 30, timedelta(minutes=5))
    assert environment.subjects[-1] == "Advance test/podinfo to 30%"


def test_a_gate_that_does_not_mention_a_workload_moves_nothing_either_way(environment) -> None:
    environment.sync.workloads = ("test/podinfo-primary",)
    environment.set_image("6.0.1")
    environment.run(timedelta(minutes=30))
    assert environment.subjects[-1].startswith("Start")
    assert environment.record.quarantine == ()


def test_14_a_slow_load_tester_delays_no_other_canary(make) -> None:
    files = without_autoscaler("apps/slow").items()
    slow = {path: text.replace("namespace: test", "namespace: slow") for path, text in files}
    environment = make({**without_autoscaler(), **slow})
    environment.sync.workloads += ("slow/podinfo", "slow/podinfo-primary")
    environment.onboard()
    answered = environment.hooks.hold("slow", "load-test")
    text = environment.remote.read("apps/slow/deployment.yaml").replace("6.0.0", "6.0.1")
    environment.commit({"apps/slow/deployment.yaml": text}, "slow 6.0.1")
    environment.set_image("6.0.1")
    environment.run_to(Phase.SUCCEEDED)
    answered.set()
    other = record_file.read(environment.remote.read("apps/slow/podinfo.rollout").encode())
    assert other.weight == 10

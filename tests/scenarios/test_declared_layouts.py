"""Scenario 34 and its like: releases whose values are declared, rolled out whole, every other byte as it was."""

from collections.abc import Mapping
from datetime import timedelta

import pygit2
import pytest
import yaml

from gitcanary.rollout.state import Phase
from support.apps import seed_canary
from support.environment import Environment
from support.layouts import APP, KUSTOMIZE, WORKLOADS, declaring, helm, kustomize


@pytest.fixture
def take(make):
    """Return a function that brings a declared layout under control."""

    def build(files: Mapping[str, str]) -> Environment:
        environment: Environment = make(files)
        environment.sync.workloads = WORKLOADS
        environment.onboard()
        return environment

    return build


def people(environment: Environment) -> dict[str, bytes]:
    """Return the files that people wrote, byte for byte, as they are now."""
    repository = pygit2.Repository(environment.remote.folder)
    ours = {f"{APP}/podinfo.{ending}" for ending in ("rollout", "routing.yaml", "primary.yaml")}
    tree = repository.revparse_single(environment.remote.tip).tree
    return {path: tree[path].data for path in environment.remote.files() if path not in ours}


def write(environment: Environment, file: str, old: str, new: str) -> dict[str, bytes]:
    """Commit another value as Mia, every other byte kept, and return what people's files hold then."""
    data = people(environment)[f"{APP}/{file}"]
    assert old.encode() in data
    environment.commit({f"{APP}/{file}": data.replace(old.encode(), new.encode())}, f"{old} -> {new}")
    return people(environment)


def with_value(files: dict[str, bytes], file: str, old: str, new: str) -> dict[str, bytes]:
    """Return these files with one text replaced in one of them."""
    data = files[f"{APP}/{file}"]
    assert data.count(old.encode()) == 1
    return {**files, f"{APP}/{file}": data.replace(old.encode(), new.encode())}


def test_34_a_helm_pair_is_rolled_out_whole_and_two_scalars_move_in_all(take) -> None:
    environment = take(helm())
    assert environment.subjects == ["Initialize test/podinfo: primary runs 6.0.0"]
    before = write(environment, "values-canary.yaml", "'6.0.0'", "'6.0.1'")
    environment.run_to(Phase.SUCCEEDED)
    assert environment.subjects[2:] == [
        "Start test/podinfo: 6.0.0 -> 6.0.1",
        *(f"Advance test/podinfo to {weight}%" for weight in (10, 20, 30, 40, 50)),
        "Promote test/podinfo: primary runs 6.0.1",
        "Finish test/podinfo: all traffic to the primary",
    ]
    assert people(environment) == with_value(before, "values-primary.yaml", "'6.0.0'", "'6.0.1'")
    assert f"{APP}/podinfo.routing.yaml" not in environment.remote.files()
    assert b"\r\n" in people(environment)[f"{APP}/values-primary.yaml"]


def test_34_weights_that_are_values_move_alone_and_come_back(take) -> None:
    environment = take(helm())
    before = write(environment, "values-canary.yaml", "'6.0.0'", "'6.0.1'")
    environment.run_until(lambda: environment.record.weight == 20)
    routing = (f"{APP}/routing/values.yaml", b"primary:   80, canary: 20  }")
    assert routing[1] in people(environment)[routing[0]]
    environment.prometheus.values["request-success-rate"] = 12.0
    environment.run_to(Phase.FAILED)
    assert people(environment) == before
    assert [each.revision for each in environment.record.quarantine] == [environment.record.revision]


def actions(environment: Environment) -> list[str]:
    return [line.subject.split(" test/podinfo")[0] for line in environment.ours]


def canary_tag(environment: Environment, commit: str = "") -> str:
    """Return the tag that the canary's overlay holds in a commit."""
    text = environment.remote.read(f"{APP}/canary/kustomization.yaml", commit)
    return text.rsplit("newTag: ", 1)[1].strip().strip('"')


def test_overlays_with_a_source_are_rolled_out_and_the_canary_gets_its_pods_and_loses_them(take) -> None:
    environment = take(kustomize())
    assert actions(environment) == ["Initialize", "Route", "Scale down"]
    before = write(environment, "release.yaml", "6.0.0", "6.0.1")
    environment.run_to(Phase.SUCCEEDED)
    assert environment.subjects[4:] == [
        "Start test/podinfo: 6.0.0 -> 6.0.1",
        *(f"Advance test/podinfo to {weight}%" for weight in (10, 20, 30, 40, 50)),
        "Promote test/podinfo: primary runs 6.0.1",
        "Finish test/podinfo: all traffic to the primary",
        "Scale down test/podinfo: 2 -> 0 replicas",
    ]
    after = with_value(before, "app/kustomization.yaml", "6.0.0", "6.0.1")
    assert people(environment) == with_value(after, "canary/kustomization.yaml", '"6.0.0"', '"6.0.1"')
    assert "host: podinfo\n" in environment.read("podinfo.routing.yaml")
    assert "host: podinfo-canary\n" in environment.read("podinfo.routing.yaml")
    assert "kind: Service\n" not in environment.read("podinfo.routing.yaml")


def test_a_sourced_revision_that_fails_leaves_the_canary_with_the_values_that_it_had(take) -> None:
    environment = take(kustomize())
    before = write(environment, "release.yaml", "6.0.0", "6.0.1")
    environment.run_until(lambda: environment.record.weight == 10)
    environment.prometheus.values["request-success-rate"] = 12.0
    environment.run_to(Phase.FAILED)
    environment.run(timedelta(minutes=10))
    assert actions(environment)[-2:] == ["Roll back", "Scale down"]
    assert people(environment) == before
    rollback = environment.ours[-2]
    assert canary_tag(environment, rollback.commit) == "6.0.0"
    assert canary_tag(environment, f"{rollback.commit}^") == "6.0.1"


def test_a_source_lets_an_unknown_revision_come_only_where_weight_0_was_seen_live(take) -> None:
    environment = take(kustomize())
    write(environment, "release.yaml", "6.0.0", "6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    write(environment, "release.yaml", "6.0.1", "6.0.2")
    environment.sync.pin(environment.remote.tip)
    environment.run(timedelta(minutes=5))
    assert actions(environment)[-1] == "Restart"
    assert (environment.record.weight, canary_tag(environment)) == (0, "6.0.1")
    environment.sync.pin(None)
    environment.run_until(lambda: environment.record.weight == 10)
    assert actions(environment)[-3:] == ["Restart", "Start", "Advance"]
    assert canary_tag(environment) == "6.0.2"


def test_values_that_somebody_gave_to_a_sourced_canary_lose_their_traffic_and_go(take) -> None:
    environment = take(kustomize())
    write(environment, "release.yaml", "6.0.0", "6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    write(environment, "canary/kustomization.yaml", '"6.0.1"', '"6.6.6"')
    environment.run_until(lambda: environment.record.weight == 10)
    assert actions(environment)[-3:] == ["Restart", "Start", "Advance"]
    assert canary_tag(environment) == "6.0.1"


def test_a_promotion_that_fails_puts_back_exactly_the_values_that_were_adopted(take) -> None:
    environment = take(kustomize())
    before = write(environment, "release.yaml", "6.0.0", "6.0.1")
    environment.run_to(Phase.PROMOTING)
    environment.sync.unready.add("test/podinfo")
    environment.sync.not_ready_since = environment.clock.now()
    environment.run_until(lambda: environment.record.restoring is not None)
    assert people(environment)[f"{APP}/app/kustomization.yaml"] == before[f"{APP}/app/kustomization.yaml"]
    assert canary_tag(environment) == "6.0.1"
    environment.sync.unready.clear()
    environment.run_to(Phase.FAILED)
    environment.run(timedelta(minutes=5))
    assert people(environment) == before


def test_a_canary_that_runs_something_else_already_is_rolled_out_from_the_start(make) -> None:
    files = {**helm()}
    files[f"{APP}/values-canary.yaml"] = files[f"{APP}/values-canary.yaml"].replace("6.0.0", "6.0.1")
    environment: Environment = make(files)
    environment.sync.workloads = WORKLOADS
    environment.run_to(Phase.SUCCEEDED)
    assert environment.subjects[:2] == [
        "Initialize test/podinfo: primary runs 6.0.0",
        "Start test/podinfo: 6.0.0 -> 6.0.1",
    ]


def test_25_a_record_that_was_deleted_is_missed_where_people_have_the_primary_too(take) -> None:
    environment = take(helm())
    environment.commit({f"{APP}/podinfo.rollout": None}, "Tidy up")
    environment.run(timedelta(minutes=10))
    assert not environment.has_record()
    [overdue] = environment.told.named("overdue")
    assert "the record is missing" in str(overdue["why"])


def test_a_canary_that_was_taken_back_with_its_record_is_taken_on_again(take) -> None:
    environment = take(helm())
    canary = people(environment)[f"{APP}/canary.yaml"]
    environment.commit({f"{APP}/podinfo.rollout": None, f"{APP}/canary.yaml": None}, "Take it back")
    environment.run(timedelta(minutes=5))
    environment.commit({f"{APP}/canary.yaml": canary}, "Once more")
    environment.run_to(Phase.INITIALIZED)


def test_two_canaries_that_mean_one_value_below_their_folder_are_both_left_alone(make) -> None:
    other = KUSTOMIZE.replace("[name=ghcr.io/stefanprodan/podinfo]", "[0]").replace("[name=podinfo]", "[0]")
    other = other.replace("canary/kustomization.yaml#images[0]", "canary/kustomization.yaml#images[1]")
    second = declaring(other).replace("name: podinfo\n", "name: other\n").replace("app.example.com", "b.example.com")
    environment: Environment = make({**kustomize(), f"{APP}/other.yaml": second})
    environment.sync.workloads = WORKLOADS
    environment.run(timedelta(minutes=5))
    assert environment.ours == []
    reasons = [str(each["reason"]) for each in environment.told.named("refused")]
    assert len(reasons) == 2
    assert all("gitcanary.dev/gitops: found the same in another Canary" in reason for reason in reasons), reasons


def rules(environment: Environment) -> dict[str, object]:
    """Return the policies of the DestinationRules that gitcanary made, by host."""
    documents = yaml.safe_load_all(environment.read("podinfo.routing.yaml"))
    found = (each["spec"] for each in documents if each["kind"] == "DestinationRule")
    return {spec["host"]: spec.get("trafficPolicy") for spec in found}


def test_rules_for_a_policy_come_and_go_with_it_where_people_have_the_services(take) -> None:
    spec = seed_canary()
    start = spec.index("    # Istio traffic policy")
    end = spec.index("    # Istio retry policy")
    policy = spec[start:end]
    environment = take({**kustomize(), f"{APP}/canary.yaml": declaring(KUSTOMIZE, spec.replace(policy, ""))})
    assert rules(environment) == {}
    environment.commit({f"{APP}/canary.yaml": declaring(KUSTOMIZE, spec)}, "A policy")
    environment.run(timedelta(minutes=2))
    assert rules(environment) == dict.fromkeys(("podinfo", "podinfo-canary"), yaml.safe_load(policy)["trafficPolicy"])
    environment.commit({f"{APP}/canary.yaml": declaring(KUSTOMIZE, spec.replace(policy, ""))}, "No policy")
    environment.run(timedelta(minutes=2))
    assert rules(environment) == {"podinfo": None, "podinfo-canary": None}


def test_a_promotion_that_fails_is_undone_although_another_value_was_declared_meanwhile(take) -> None:
    files = dict(kustomize())
    files[f"{APP}/app/kustomization.yaml"] += "other: '1'\n"
    files[f"{APP}/release.yaml"] += "other: '1'\n"
    more = "- canary: canary/kustomization.yaml#images[name=other/image].newTag\n"
    more += "  primary: app/kustomization.yaml#other\n  source: release.yaml#other\n"
    environment = take(files)
    before = people(environment)
    write(environment, "release.yaml", "6.0.0", "6.0.1")
    environment.run_to(Phase.PROMOTING)
    declared = declaring(KUSTOMIZE.replace("replicas:", f"{more}replicas:"))
    environment.commit({f"{APP}/canary.yaml": declared}, "Another value")
    environment.sync.unready.add("test/podinfo")
    environment.sync.not_ready_since = environment.clock.now()
    environment.run_until(lambda: environment.record.restoring is not None)
    assert people(environment)[f"{APP}/app/kustomization.yaml"] == before[f"{APP}/app/kustomization.yaml"]
    environment.sync.unready.clear()
    environment.run_until(lambda: actions(environment).count("Roll back") > 1)
    second = [line.commit for line in environment.ours if line.subject.startswith("Roll back")][1]
    assert canary_tag(environment, second) == "6.0.0"

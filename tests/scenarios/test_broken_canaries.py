"""A Canary that cannot be honoured any more in mid-run: no move forward, and the way back stays open."""

from datetime import timedelta

import pytest

from gitcanary.manifests import record_file
from gitcanary.rollout.state import Phase, Request
from support.apps import DEPLOYMENT, seed_canary
from support.environment import Environment

OTHERS = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: podinfo, namespace: test}\n"
TWICE = f"{seed_canary()}---\n{seed_canary()}"
BREAKAGES = {
    "no YAML": {"apps/podinfo/canary.yaml": "kind: Canary\nspec: {"},
    "a field that is not honoured": {"apps/podinfo/canary.yaml": seed_canary().replace("maxWeight", "bestWeight")},
    "the same Canary twice": {"apps/podinfo/canary.yaml": TWICE},
    "a transformer": {"apps/podinfo/kustomization.yaml": "namePrefix: new-\nresources: [deployment.yaml]\n"},
    "a target that is no YAML": {"apps/podinfo/deployment.yaml": "spec: {"},
    "two targets": {"apps/podinfo/again.yaml": DEPLOYMENT},
    "another folder's VirtualService": {"apps/other/routing.yaml": OTHERS},
    "no Canary, and another that is no YAML": {"apps/podinfo/canary.yaml": None, "apps/podinfo/new.yaml": "Canary: {"},
}
NOT_APPLIED = {"a target that is no YAML", "two targets"}  # by no sync tool: what was applied before stays live


@pytest.fixture(params=BREAKAGES)
def broken(environment, request) -> Environment:
    """Break the Canary of a rollout at 20 %, as Mia."""
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    environment.sync.is_stopped = request.param in NOT_APPLIED
    environment.commit(BREAKAGES[request.param], f"Break it: {request.param}")
    return environment


def test_a_broken_canary_keeps_its_weights_and_is_reported_and_failed_checks_roll_it_back(broken) -> None:
    spec = broken.record.spec
    before = broken.subjects
    broken.run(timedelta(minutes=30))
    assert broken.subjects == before
    assert broken.told.named("refused")
    broken.prometheus.values["request-success-rate"] = 50.0
    broken.run_to(Phase.FAILED)
    assert broken.record.weight == 0
    assert "weight: 100" in broken.read("podinfo.routing.yaml")
    after = broken.subjects[len(before) :]
    assert [subject.split()[0] for subject in after] == ["Halt"] * (len(after) - 1) + ["Roll"]
    assert f"decided by the spec of {spec[:7]}." in broken.ours[-1].message
    assert broken.record.spec == spec
    broken.run(timedelta(minutes=5))
    assert broken.subjects == before + after


def test_an_abort_rolls_a_broken_canary_back(broken) -> None:
    text = record_file.set_request(broken.read("podinfo.rollout").encode(), Request("abort", None))
    broken.commit({"apps/podinfo/podinfo.rollout": text}, "Ask to abort")
    broken.run(timedelta(minutes=1))
    assert broken.record.phase is Phase.FAILED


def test_a_canary_that_was_repaired_goes_on(environment) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    text = environment.read("canary.yaml")
    environment.commit({"apps/podinfo/canary.yaml": "spec: {Canary"}, "Break it")
    environment.run(timedelta(minutes=10))
    environment.commit({"apps/podinfo/canary.yaml": text}, "Repair it")
    environment.run_to(Phase.SUCCEEDED)


def test_a_broken_canary_whose_last_spec_is_unknown_is_reported_and_left_alone(environment) -> None:
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    record = environment.read("podinfo.rollout").replace(environment.record.spec, "0" * 40)
    environment.commit({"apps/podinfo/canary.yaml": "Canary: {", "apps/podinfo/podinfo.rollout": record}, "Break both")
    environment.prometheus.values["request-success-rate"] = 50.0
    environment.run(timedelta(minutes=10))
    assert environment.subjects[-1] == "Break both"

"""What a folder's manifests say should run."""

from typing import Any

import pytest

from gitcanary.demo.desired import Identity, sort_manifests
from gitcanary.errors import DemoError


def deployment(name: str, app: str, **spec: Any) -> dict[str, Any]:
    container = {"image": "ghcr.io/stefanprodan/podinfo:6.0.1", "env": [{"name": "ERROR_RATE", "value": "0.1"}]}
    template = {"metadata": {"labels": {"app": app, "tier": "web"}}, "spec": {"containers": [container]}}
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "test"},
        "spec": {"template": template, **spec},
    }


def service(name: str, app: str) -> dict[str, Any]:
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": "test"},
        "spec": {"selector": {"app": app}},
    }


def test_a_pod_has_the_version_of_its_image_and_the_environment_of_its_template() -> None:
    template = sort_manifests([deployment("podinfo", "podinfo")]).deployments[0].template
    assert template
    assert (template.version, template.environment) == ("6.0.1", (("ERROR_RATE", "0.1"),))


@pytest.mark.parametrize(("spec", "runs"), [({}, True), ({"replicas": 2}, True), ({"replicas": 0}, False)])
def test_replicas_of_zero_run_nothing_and_an_autoscaler_something(spec: dict[str, int], *, runs: bool) -> None:
    (found,) = sort_manifests([deployment("podinfo", "podinfo", **spec)]).deployments
    assert (found.template is not None) is runs


def test_a_changed_label_of_the_pods_is_another_template() -> None:
    first, second = (sort_manifests([deployment("podinfo", app)]).deployments[0].template for app in ("a", "b"))
    assert first != second


def test_a_service_leads_to_the_workload_that_its_selector_names() -> None:
    desired = sort_manifests([deployment("podinfo", "podinfo"), deployment("podinfo-primary", "podinfo-primary")])
    assert desired.selected(service("podinfo", "podinfo-primary")).identity == Identity("test", "podinfo-primary")


@pytest.mark.parametrize("selected", ["nobody", "podinfo"])
def test_a_service_that_selects_no_workload_or_two_is_refused(selected: str) -> None:
    desired = sort_manifests([deployment("podinfo", "podinfo"), deployment("podinfo-primary", "podinfo")])
    with pytest.raises(DemoError, match="must select one Deployment"):
        desired.selected(service("podinfo-canary", selected))


def test_two_manifests_of_one_object_are_refused() -> None:
    with pytest.raises(DemoError, match="two manifests for Service test/podinfo"):
        sort_manifests([service("podinfo", "a"), service("podinfo", "b")])

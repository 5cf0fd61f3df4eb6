"""Specs that went through Flagger 1.44.0's own schema and code: the same here, or different on purpose."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitcanary.manifests.schema.texts import duration
from support.canary_specs import problems, read

DATA = Path(__file__).parent / "data"
BASE = {
    "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "podinfo"},
    "service": {"port": 80},
    "analysis": {"interval": "1m", "threshold": 5, "stepWeight": 10, "maxWeight": 50},
}


def cases(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((DATA / name).read_text(encoding="utf-8"))


def canary(case: dict[str, Any]) -> str:
    spec = {key: value for key, value in (BASE | case.get("spec", {})).items() if key not in case.get("without", ())}
    metadata = {"name": "podinfo", "namespace": "test"}
    return json.dumps({"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": metadata, "spec": spec})


@pytest.mark.parametrize("case", cases("rejected.yaml"), ids=lambda case: case["case"])
def test_names_the_fields_that_the_api_server_refuses(case):
    expected = set(case.get("ours", case["named"]))
    found = problems(canary(case)).keys()
    assert bool(found) == bool(expected)
    assert expected <= found


@pytest.mark.parametrize("case", cases("effective.yaml"), ids=lambda case: case["case"])
def test_gives_a_spec_the_values_that_flagger_gives_it_or_refuses_it_by_name(case):
    expected = case["flagger"] | case.get("ours", {})
    if "refused" in expected:
        assert expected["refused"] in problems(canary(case))
        return
    canary_read = read(canary(case))
    assert canary_read.spec.interval == duration(expected["interval"])
    assert canary_read.spec.threshold == expected["threshold"]
    assert canary_read.spec.progress_deadline == timedelta(seconds=expected["deadline"])
    assert canary_read.service.name == expected["service"]


# What Flagger 1.44.0 sent for a Deployment `podinfo` in the namespace `test`.
SENT = {
    "request-success-rate": (
        'sum( rate( istio_requests_total{ reporter="destination", destination_workload_namespace="test",'
        ' destination_workload=~"podinfo", response_code!~"5.*" }[1m] ) ) / sum( rate( istio_requests_total{'
        ' reporter="destination", destination_workload_namespace="test", destination_workload=~"podinfo" }[1m] ) )'
        " * 100"
    ),
    "request-duration": (
        "histogram_quantile( 0.99, sum( rate( istio_request_duration_milliseconds_bucket{"
        ' reporter="destination", destination_workload_namespace="test", destination_workload=~"podinfo" }[1m]'
        " ) ) by (le) )"
    ),
}


@pytest.mark.parametrize("name", SENT)
def test_a_builtin_metric_has_the_query_that_flagger_sends(name):
    metrics = [{"name": name, "thresholdRange": {"max": 500}}]
    (metric,) = read(canary({"spec": {"analysis": BASE["analysis"] | {"metrics": metrics}}})).spec.metrics
    assert metric.query == SENT[name]

"""Valid Canaries: what the rules and the renderer get of them."""

from datetime import timedelta

import pytest

from gitcanary.manifests.schema.canary_file import Metadata, SyncDelay, SyncHttp, is_canary
from gitcanary.rollout.spec import Builtin, HookType, OnNoData, OnRevert
from support.canary_specs import (
    BLOB,
    FILE,
    SEED,
    VALID,
    altered,
    gitops,
    problems,
    read,
)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def test_the_seed_is_valid_as_it_stands():
    canary = read(SEED.read_text(encoding="utf-8"))
    assert (canary.namespace, canary.name, canary.target, canary.autoscaler) == (
        "test",
        "podinfo",
        "podinfo",
        "podinfo",
    )
    assert (canary.file, canary.index, canary.sync, canary.warnings) == (FILE, 0, (), ())


def test_the_seed_routes_as_it_says():
    service = read(SEED.read_text(encoding="utf-8")).service
    assert (service.name, service.port, service.port_name, service.target_port) == ("podinfo", 9898, "http", 9898)
    assert (service.gateways, service.hosts) == (("istio-system/public-gateway",), ("app.example.com",))
    assert service.traffic_policy == {"tls": {"mode": "DISABLE"}}
    assert service.retries == {
        "attempts": 3,
        "perTryTimeout": "1s",
        "retryOn": "gateway-error,connect-failure,refused-stream",
    }
    assert (service.timeout, service.headers, service.apex) == (None, None, Metadata())


def test_the_seed_is_analysed_as_it_says():
    spec = read(SEED.read_text(encoding="utf-8")).spec
    assert (spec.steps, spec.interval, spec.threshold) == ((10, 20, 30, 40, 50), MINUTE, 3)
    assert (spec.settle, spec.sync_timeout, spec.progress_deadline) == (15 * SECOND, 10 * MINUTE, 600 * SECOND)
    assert (spec.blob, spec.on_no_data, spec.on_revert) == (BLOB, OnNoData.WAIT, OnRevert.PROMOTE)
    assert not spec.skips_analysis
    assert not spec.is_suspended


def test_the_seed_measures_as_it_says():
    success, slowness = read(SEED.read_text(encoding="utf-8")).spec.metrics
    assert (success.builtin, success.window, success.minimum, success.maximum) == (
        Builtin.SUCCESS_RATE,
        MINUTE,
        99,
        None,
    )
    assert (slowness.builtin, slowness.window, slowness.minimum, slowness.maximum) == (
        Builtin.DURATION,
        30 * SECOND,
        None,
        500,
    )
    assert (success.namespace, success.workload, success.server) == ("test", "podinfo", None)


def test_the_seed_calls_its_webhooks():
    acceptance, load = read(SEED.read_text(encoding="utf-8")).spec.hooks
    assert (acceptance.type, acceptance.timeout, acceptance.retries) == (HookType.PRE_ROLLOUT, 30 * SECOND, 0)
    assert dict(acceptance.metadata)["type"] == "bash"
    assert load.metadata == (("cmd", "hey -z 1m -q 10 -c 2 http://podinfo-canary.test:9898/"),)
    assert (load.name, load.type, load.url) == ("load-test", HookType.ROLLOUT, "http://flagger-loadtester.test/")
    assert load.verifies_tls


def test_a_canary_can_be_a_key():
    assert {read(VALID): 1}[read(VALID)] == 1


SERVICE = """\
  service:
    name: front
    port: 80
    portName: grpc-api
    targetPort: http
    timeout: 15s
    gateways: [mesh, istio-system/public]
    hosts: ["*", "*.example.com", app.example.com]
    trafficPolicy:
      connectionPool: {http: {http1MaxPendingRequests: 5, h2UpgradePolicy: UPGRADE}}
      loadBalancer: {consistentHash: {httpCookie: {name: user, ttl: 0s}}, warmupDurationSecs: 30s}
      outlierDetection: {consecutive5xxErrors: 7, baseEjectionTime: 1m}
    headers: {request: {set: {x-a: b}, remove: [x-c]}, response: {add: {x-d: e}}}
    apex: {labels: {team: a}, annotations: {example.com/note: "x: y"}}
    primary: {labels: {team: b}}
    canary: {annotations: {c: d}}
"""


def test_everything_of_a_service_reaches_the_renderer():
    service = read(altered(("  service:\n    port: 9898\n", SERVICE))).service
    assert (service.name, service.port, service.port_name, service.target_port) == ("front", 80, "grpc-api", "http")
    assert (service.gateways, service.hosts) == (
        ("mesh", "istio-system/public"),
        ("*", "*.example.com", "app.example.com"),
    )
    assert service.timeout == "15s"
    assert service.traffic_policy == {
        "connectionPool": {"http": {"http1MaxPendingRequests": 5, "h2UpgradePolicy": "UPGRADE"}},
        "loadBalancer": {
            "consistentHash": {"httpCookie": {"name": "user", "ttl": "0s"}},
            "warmupDurationSecs": "30s",
        },
        "outlierDetection": {"consecutive5xxErrors": 7, "baseEjectionTime": "1m"},
    }
    assert service.headers == {"request": {"set": {"x-a": "b"}, "remove": ["x-c"]}, "response": {"add": {"x-d": "e"}}}
    assert service.apex == Metadata({"team": "a"}, {"example.com/note": "x: y"})
    assert (service.primary, service.canary) == (Metadata({"team": "b"}), Metadata({}, {"c": "d"}))


def test_null_is_the_same_as_nothing():
    text = altered(
        ("    port: 9898\n", "    port: 9898\n    retries:\n    hosts:\n    trafficPolicy: {tls: null}\n"),
        ("    webhooks:\n    - name: load-test\n      url: http://loadtester.test/\n", "    webhooks:\n"),
        ("spec:\n", "spec:\n  provider: null\n"),
    )
    canary = read(text)
    assert (canary.service.retries, canary.service.hosts, canary.spec.hooks) == (None, (), ())
    assert canary.service.traffic_policy == {}


def test_values_that_change_nothing_pass():
    analysis = (
        "stepWeight: 10\n    stepWeightPromotion: 100\n    mirror: false\n    mirrorWeight: 0\n    match: []\n"
        "    primaryReadyThreshold: 100\n    canaryReadyThreshold: 100\n    alerts: []"
    )
    changes = [
        ("spec:\n", "spec:\n  provider: istio\n  revertOnDeletion: false\n  suspend: false\n  skipAnalysis: false\n"),
        ("    port: 9898\n", "    port: 9898\n    portDiscovery: false\n    delegation: false\n    headless: false\n"),
        ("stepWeight: 10", analysis),
    ]
    assert problems(altered(*changes)) == {}


def test_skip_analysis_needs_no_analysis():
    start = VALID.index("  analysis:")
    canary = read(VALID[:start] + "  skipAnalysis: true\n")
    assert canary.spec.skips_analysis
    assert (canary.spec.interval, canary.spec.threshold, canary.spec.metrics) == (MINUTE, 1, ())


def test_suspend_and_deadline_reach_the_rules():
    spec = read(altered(("spec:\n", "spec:\n  suspend: true\n  progressDeadlineSeconds: 60\n"))).spec
    assert spec.is_suspended
    assert spec.progress_deadline == MINUTE


LINES = (
    "sync: [{http: 'http://127.0.0.1:8080/sync'}, {delay: 30s}]",
    "onNoData: fail",
    "onRevert: analyse",
    "syncTimeout: 5m",
    "delivery: push",
)


def own_kind(*lines: str) -> str:
    """Return the Canary in gitcanary's own group, with these lines in `spec.gitops`."""
    below = "".join(f"    {line}\n" for line in lines)
    return altered(("flagger.app/v1beta1", "gitcanary.dev/v1beta1"), ("spec:\n", f"spec:\n  gitops:\n{below}"))


@pytest.mark.parametrize("text", [altered(gitops(*LINES)), own_kind(*LINES)], ids=["annotation", "field"])
def test_what_gitcanary_adds_stands_in_the_annotation_or_in_its_own_kind(text):
    canary = read(text)
    assert canary.sync == (SyncHttp("http://127.0.0.1:8080/sync"), SyncDelay(30 * SECOND))
    assert (canary.spec.on_no_data, canary.spec.on_revert) == (OnNoData.FAIL, OnRevert.ANALYSE)
    assert canary.spec.sync_timeout == 5 * MINUTE


@pytest.mark.parametrize("lines", [("",), ("# nothing yet",), ("sync: []",), ("sync:",)])
def test_an_empty_annotation_changes_nothing(lines):
    assert read(altered(gitops(*lines))) == read(VALID)


def test_the_namespace_may_come_from_the_kustomization():
    text = altered(("  namespace: test\n", ""))
    assert read(text, "staging").namespace == "staging"
    assert read(text, "staging").spec.metrics[0].namespace == "staging"
    assert read(VALID, "test").namespace == "test"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"apiVersion": "flagger.app/v1beta1", "kind": "Canary"}, True),
        ({"apiVersion": "flagger.app/v1alpha3", "kind": "Canary"}, True),
        ({"apiVersion": "gitcanary.dev/v1beta1", "kind": "Canary", "spec": 1}, True),
        ({"apiVersion": "canaries.flanksource.com/v1", "kind": "Canary"}, False),
        ({"apiVersion": "flagger.app/v1beta1", "kind": "MetricTemplate"}, False),
        ({"apiVersion": 1, "kind": "Canary"}, False),
        ({"kind": "Canary"}, False),
        ([], False),
        (None, False),
    ],
)
def test_knows_whose_canary_it_is(value, expected):
    assert is_canary(value) is expected

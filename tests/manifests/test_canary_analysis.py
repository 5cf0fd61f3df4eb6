"""What the rules get of a Canary's analysis: steps, times, limits, queries and webhooks."""

from datetime import timedelta

import pytest

from gitcanary.rollout.spec import HookType
from support.canary_specs import (
    METRIC,
    altered,
    gitops,
    metric,
    read,
)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("steps", "weights"),
    [
        (["stepWeight: 10"], tuple(range(10, 101, 10))),
        (["stepWeight: 20", "maxWeight: 50"], (20, 40, 50)),
        (["stepWeight: 25", "maxWeight: 50"], (25, 50)),
        (["stepWeight: 60", "maxWeight: 50"], (50,)),
        (["stepWeight: 1", "maxWeight: 1"], (1,)),
        (["stepWeight: 100"], (100,)),
        (["stepWeights: [1, 2, 10, 80]"], (1, 2, 10, 80)),
        (["stepWeights: [5, 50]", "maxWeight: 50"], (5, 50)),
        (["stepWeight: 50", "stepWeights: null", "iterations: null"], (50, 100)),
    ],
)
def test_steps_rise_to_the_maximum_and_end_there(steps, weights):
    assert read(altered(("stepWeight: 10", "\n    ".join(steps)))).spec.steps == weights


@pytest.mark.parametrize(
    ("interval", "settle", "expected"),
    [
        ("1s", None, SECOND),
        ("10s", None, 10 * SECOND),
        ("1m", None, 15 * SECOND),
        ("1h", None, 15 * SECOND),
        ("1m", "0s", 0 * SECOND),
        ("1m", "2m", 2 * MINUTE),
    ],
)
def test_settle_defaults_to_the_smaller_of_15_seconds_and_the_interval(interval, settle, expected):
    changes = [("interval: 1m", f"interval: {interval}"), *([gitops(f"settle: {settle}")] if settle else [])]
    assert read(altered(*changes)).spec.settle == expected


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1s", SECOND), ("90s", 90 * SECOND), ("1m30s", 90 * SECOND), ("1h", 60 * MINUTE), ("1s500ms", 1.5 * SECOND)],
)
def test_an_interval_is_taken_as_it_stands(written, meant):
    assert read(altered(("interval: 1m", f"interval: {written}"))).spec.interval == meant


@pytest.mark.parametrize(
    ("lines", "limits"),
    [
        (("name: request-success-rate", "thresholdRange: {min: 99.5}"), (99.5, None)),
        (("name: request-success-rate", "thresholdRange: {max: 100}"), (None, 100)),
        (("name: request-success-rate", "threshold: 99"), (99, None)),
        (("name: request-duration", "threshold: 500"), (None, 500)),
        (("name: request-duration", "thresholdRange: {min: 1.9, max: 500.9}"), (1, 500)),
        (("name: request-duration", "thresholdRange: {max: 0.5}"), (None, 0)),
        (("name: errors", "query: up", "threshold: 5"), (None, 5)),
        (("name: errors", "query: up", "threshold: 5", "thresholdRange: {min: 0.5}"), (0.5, None)),
        (("name: errors", "query: up", "thresholdRange: {min: 0.5, max: 0.5}"), (0.5, 0.5)),
        (("name: errors", "query: up", "thresholdRange: {min: null, max: 3}"), (None, 3)),
    ],
)
def test_limits_are_flaggers(lines, limits):
    (found,) = read(altered(metric(*lines))).spec.metrics
    assert (found.minimum, found.maximum) == limits


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ([("threshold: 3", "threshold: 0")], ("spec.analysis.threshold", 15, "0")),
        ([metric("name: request-success-rate", "threshold: 99")], ("spec.analysis.metrics[0].threshold", 19, "99.0")),
        (
            [metric("name: request-duration", "thresholdRange: {max: 0.5}")],
            ("spec.analysis.metrics[0].thresholdRange", 19, "0.5"),
        ),
        ([("    metrics:\n", "    metrics: []\n"), (METRIC, "")], ("spec.analysis.metrics", 17, "no metric")),
    ],
)
def test_remarks_on_what_may_not_be_meant(changes, remark):
    (warning,) = read(altered(*changes)).warnings
    assert (warning.field, warning.line, warning.found) == remark


def test_a_threshold_below_one_is_one():
    assert read(altered(("threshold: 3", "threshold: -2"))).spec.threshold == 1


def test_a_query_of_ones_own_is_filled_and_otherwise_left_alone():
    text = altered(
        metric(
            "name: lag",
            "interval: 90s",
            "query: |",
            '  f(n="{{ name }}",ns="{{namespace}}",t="{{ target }}",s="{{ service }}",  # all',
            '    i="{{ ingress }}",r="{{ route }}",x="a  b")[{{ interval }}]',
            "thresholdRange: {max: 5}",
        ),
        ("  service:\n", "  service:\n    name: front\n"),
    )
    (found,) = read(text).spec.metrics
    assert found.query == (
        'f(n="podinfo",ns="test",t="podinfo",s="front",  # all\n  i="podinfo",r="podinfo",x="a  b")[90s]'
    )
    assert (found.builtin, found.window, found.workload) == (None, 90 * SECOND, "podinfo")


def test_a_builtin_query_matches_its_workload_alone():
    text = altered(("    name: podinfo\n", "    name: my.app\n"), ("    port: 9898\n", "    port: 80\n    name: app\n"))
    (found,) = read(text).spec.metrics
    assert r'destination_workload=~"my\\.app"' in found.query


def test_the_metrics_server_is_the_specs_own():
    text = altered(("spec:\n", "spec:\n  metricsServer: http://prometheus.monitoring:9090\n"))
    assert read(text).spec.metrics[0].server == "http://prometheus.monitoring:9090"


@pytest.mark.parametrize("kind", HookType)
def test_all_eight_types_of_webhook_are_honoured(kind):
    (hook,) = read(altered(("- name: load-test\n", f"- name: load-test\n      type: {kind}\n"))).spec.hooks
    assert hook.type is kind


def test_a_webhook_has_flaggers_defaults_and_what_it_says():
    plain = read(altered(("load-test\n", 'load-test\n      type: ""\n'))).spec.hooks[0]
    assert (plain.type, plain.timeout, plain.retries, plain.metadata) == (HookType.ROLLOUT, 10 * SECOND, 0, ())
    more = "load-test\n      timeout: 500ms\n      retries: 3\n      disableTLS: true\n      muteAlert: false\n"
    full = read(altered(("load-test\n", more))).spec.hooks[0]
    assert (full.timeout, full.retries, full.verifies_tls) == (SECOND / 2, 3, False)


def test_one_webhook_name_may_serve_several_types():
    hooks = "load-test\n      type: rollout\n      url: http://a/\n    - name: load-test\n      type: event\n"
    assert len(read(altered(("load-test\n", hooks))).spec.hooks) == 2

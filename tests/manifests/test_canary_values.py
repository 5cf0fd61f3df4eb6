"""Wrong values in a Canary: each is told with its line, its field, what was found and what is allowed."""

import pytest

from support.canary_specs import (
    A_RANGE,
    HERE,
    METRIC,
    WEBHOOK,
    altered,
    analysis,
    limit,
    line_of_mark,
    metric,
    port,
    problems,
    service,
    spec,
    steps,
    url,
    webhook,
)

WRONG_TYPES = {
    "a number in quotes": (port("port: '9898'"), "spec.service.port", "'9898'", "without quotes"),
    "a word for a number": (port("port: http"), "spec.service.port", "'http'", "a whole number"),
    "a fraction for a whole number": (steps(f"stepWeight: 2.5 {HERE}"), "spec.analysis.stepWeight", "2.5", "whole"),
    "true for a number": (steps(f"stepWeight: true {HERE}"), "spec.analysis.stepWeight", "true", "whole"),
    "a number for a text": (
        metric(f"name: 404 {HERE}", "query: up", A_RANGE),
        "spec.analysis.metrics[0].name",
        "404",
        "in quotes",
    ),
    "text for a switch": (spec("skipAnalysis: 'yes please'"), "spec.skipAnalysis", "'yes please'", "true or false"),
    "a list for a mapping": (service("headers: [a]"), "spec.service.headers", "a list", "a mapping"),
    "a mapping for a list": (service("hosts: {a: b}"), "spec.service.hosts", "a mapping", "a list"),
    "text for a mapping": (service("retries: 3"), "spec.service.retries", "3", "a mapping"),
    "a number in metadata": (webhook("metadata: {cmd: 5}"), "spec.analysis.webhooks[0].metadata.cmd", "5", "in quotes"),
    "nothing in metadata": (webhook("metadata: {cmd: null}"), "spec.analysis.webhooks[0].metadata.cmd", "nothing", ""),
    "not a number": (limit(".nan"), "spec.analysis.metrics[0].thresholdRange.max", "nan", "a number"),
    "infinity": (limit(".inf"), "spec.analysis.metrics[0].thresholdRange.max", "inf", "a number"),
    "a huge limit": (limit("9" * 400), "spec.analysis.metrics[0].thresholdRange.max", "", ""),
    "a huge port": (port(f"port: {'9' * 100}"), "spec.service.port", "1e+100", "a whole number"),
}
WRONG_VALUES = {
    "no port": (port("port: 0"), "spec.service.port", "0", "at least 1"),
    "a port too high": (port("port: 65536"), "spec.service.port", "65536", "at most 65535"),
    "a port's number in quotes": (service("targetPort: '80'"), "spec.service.targetPort", "'80'", "without quotes"),
    "a port's name too long": (service("targetPort: sixteen-letters-x"), "spec.service.targetPort", "'sixteen", "name"),
    "no interval": (("interval: 1m", f"interval: '' {HERE}"), "spec.analysis.interval", "''", "30s, 1m"),
    "a mad interval": (("interval: 1m", f"interval: 1mfoo {HERE}"), "spec.analysis.interval", "'1mfoo'", "30s, 1m"),
    "an interval below 1s": (
        ("interval: 1m", f"interval: 500ms {HERE}"),
        "spec.analysis.interval",
        "'500ms'",
        "from 1s",
    ),
    "an endless interval": (("interval: 1m", f"interval: 721h {HERE}"), "spec.analysis.interval", "", "to 720h"),
    "a number for an interval": (("interval: 1m", f"interval: 60 {HERE}"), "spec.analysis.interval", "60", "in quotes"),
    "a deadline of nothing": (spec("progressDeadlineSeconds: 0"), "spec.progressDeadlineSeconds", "0", "at least 1"),
    "no step": (steps(f"stepWeight: 0 {HERE}"), "spec.analysis.stepWeight", "0", "at least 1"),
    "a step too high": (steps(f"stepWeight: 101 {HERE}"), "spec.analysis.stepWeight", "101", "at most 100"),
    "no steps": (steps(f"stepWeights: [] {HERE}"), "spec.analysis.stepWeights", "[]", "at least one"),
    "steps that repeat": (
        steps("stepWeights:", "- 5", "- 5 " + HERE),
        "spec.analysis.stepWeights[1]",
        "5 after 5",
        "rise",
    ),
    "steps that fall": (
        steps("stepWeights:", "- 9", "- 5 " + HERE),
        "spec.analysis.stepWeights[1]",
        "5 after 9",
        "rise",
    ),
    "a step of zero": (steps("stepWeights:", "- 0 " + HERE, "- 5"), "spec.analysis.stepWeights[0]", "0", "at least 1"),
    "a step in quotes": (
        steps("stepWeights:", "- 5", "- '9' " + HERE),
        "spec.analysis.stepWeights[1]",
        "'9'",
        "quotes",
    ),
    "a maximum of zero": (analysis("maxWeight: 0"), "spec.analysis.maxWeight", "0", "at least 1"),
    "a maximum above all": (analysis("maxWeight: 150"), "spec.analysis.maxWeight", "150", "at most 100"),
    "a maximum beside other steps": (
        steps("stepWeights: [5, 50]", f"maxWeight: 60 {HERE}"),
        "spec.analysis.maxWeight",
        "60",
        "50 as in stepWeights",
    ),
    "a range upside down": (
        metric("name: request-duration", f"thresholdRange: {{min: 9, max: 1}} {HERE}"),
        "spec.analysis.metrics[0].thresholdRange",
        "min 9 above max 1",
        "",
    ),
    "an empty range": (
        metric("name: request-duration", f"thresholdRange: {{}} {HERE}"),
        "spec.analysis.metrics[0].thresholdRange",
        "no limit",
        "min, max",
    ),
    "no range": (
        metric(f"name: request-duration {HERE}"),
        "spec.analysis.metrics[0].thresholdRange",
        "no limit",
        "min, max",
    ),
    "a metric of one's own without query": (
        metric(f"name: errors {HERE}", A_RANGE),
        "spec.analysis.metrics[0].query",
        "nothing",
        "request-success-rate and request-duration",
    ),
    "a query under a builtin name": (
        metric("name: request-duration", A_RANGE, f"query: up {HERE}"),
        "spec.analysis.metrics[0].query",
        "a query under a builtin",
        "another name",
    ),
    "an unknown placeholder": (
        metric("name: e", A_RANGE, f"query: 'up{{{{ variables.x }}}}' {HERE}"),
        "spec.analysis.metrics[0].query",
        "",
        "variables.x",
    ),
    "a template language": (
        metric("name: e", A_RANGE, f"query: '{{{{ if x }}}}up{{{{ end }}}}' {HERE}"),
        "spec.analysis.metrics[0].query",
        "",
        "only placeholders",
    ),
    "a name that a CI acts on": (
        metric("query: up", A_RANGE, f'name: "x [skip ci]" {HERE}'),
        "spec.analysis.metrics[0].name",
        "'x [skip ci]'",
        "without [ ] # @ :",
    ),
    "a name with a trailer in it": (
        metric("query: up", A_RANGE, f'name: "x\\n\\nGitcanary-Action promote" {HERE}'),
        "spec.analysis.metrics[0].name",
        r"'x\n\nGitcanary-Action promote'",
        "printable",
    ),
    "a name too long": (
        metric(f"name: {'x' * 65} {HERE}", "query: up", A_RANGE),
        "spec.analysis.metrics[0].name",
        "'xxxx",
        "1 to 64",
    ),
    "two metrics of one name": (
        (METRIC, METRIC + METRIC.replace("rate\n", f"rate {HERE}\n")),
        "spec.analysis.metrics[1].name",
        "'request-success-rate' a second time",
        "its own",
    ),
    "two webhooks of one name and type": (
        (WEBHOOK, f"{WEBHOOK}    - type: rollout\n      name: load-test {HERE}\n      url: http://a/\n"),
        "spec.analysis.webhooks[1].name",
        "'load-test' a second time",
        "its own",
    ),
    "an unknown type of webhook": (webhook("type: pre"), "spec.analysis.webhooks[0].type", "'pre'", "'pre-rollout'"),
    "another scheme": (url("ftp://a/"), "spec.analysis.webhooks[0].url", "'ftp://a/'", "http://"),
    "no host": (url("http:///x"), "spec.analysis.webhooks[0].url", "'http:///x'", "a host"),
    "an impossible port": (url("http://a:99999/"), "spec.analysis.webhooks[0].url", "", "http://"),
    "a space in an address": (url("http://a/ b"), "spec.analysis.webhooks[0].url", "'http://a/ b'", "without spaces"),
    "credentials in an address": (
        url("http://me:secret@a/"),
        "spec.analysis.webhooks[0].url",
        "'http://…@a/'",
        "settings",
    ),
    "a timeout of nothing": (webhook("timeout: 0s"), "spec.analysis.webhooks[0].timeout", "'0s'", "from 1ms"),
    "retries without end": (webhook("retries: 101"), "spec.analysis.webhooks[0].retries", "101", "at most 100"),
    "another target kind": (
        ("kind: Deployment", f"kind: StatefulSet {HERE}"),
        "spec.targetRef.kind",
        "'StatefulSet'",
        "'Deployment'",
    ),
    "a host with a path": (
        service("hosts: [example.com/x]"),
        "spec.service.hosts[0]",
        "'example.com/x'",
        "a host name",
    ),
    "a gateway in capitals": (service("gateways: [Public]"), "spec.service.gateways[0]", "'Public'", "namespace/name"),
    "a timeout that Istio refuses": (service("timeout: 15"), "spec.service.timeout", "15", "in quotes"),
    "a timeout without unit": (service("timeout: '15'"), "spec.service.timeout", "'15'", "such as 10s"),
    "a bad label": (service("apex: {labels: {a: 'x y'}}"), "spec.service.apex.labels.a", "'x y'", "63"),
    "a bad label key": (
        service("apex: {labels: {'a b': x}}"),
        "spec.service.apex.labels[a b]",
        "'a b'",
        "a key such as",
    ),
    "two balancers": (
        service("trafficPolicy: {loadBalancer: {simple: RANDOM, consistentHash: {useSourceIp: true}}}"),
        "spec.service.trafficPolicy.loadBalancer",
        "simple and consistentHash",
        "exactly one",
    ),
    "a target that makes no Service": (
        ("    name: podinfo\n  service:\n", f"    name: my.app\n  service:  {HERE}\n"),
        "spec.service.name",
        "'my.app'",
        "55",
    ),
}


@pytest.mark.parametrize(
    ("change", "field", "found", "allowed"),
    [pytest.param(*case, id=name) for name, case in (WRONG_TYPES | WRONG_VALUES).items()],
)
def test_a_wrong_value_is_told_with_its_line_and_what_is_allowed(change, field, found, allowed):
    text = altered(change)
    by_field = problems(text)
    assert by_field.keys() == {field}
    problem = by_field[field]
    assert found in problem.found
    assert allowed in problem.allowed
    assert problem.line == line_of_mark(text)

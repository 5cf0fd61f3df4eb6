"""Canaries that are refused: every problem is told, by name and line, and nothing else of the file."""

import pytest

from gitcanary.errors import InvalidSpec
from support.canary_specs import (
    A_RANGE,
    FILE,
    HERE,
    VALID,
    WEBHOOK,
    altered,
    analysis,
    annotation,
    line_of_mark,
    metric,
    problems,
    read,
    service,
    spec,
    steps,
    url,
    webhook,
)

NOT_HONOURED = {
    "spec.provider": spec("provider: nginx"),
    "spec.targetRef.kind": ("kind: Deployment", f"kind: DaemonSet {HERE}"),
    "spec.targetRef.apiVersion": ("apiVersion: apps/v1", f"apiVersion: apps/v1beta1 {HERE}"),
    "spec.ingressRef": spec("ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: x}"),
    "spec.revertOnDeletion": spec("revertOnDeletion: true"),
    "spec.autoscalerRef.kind": spec("autoscalerRef: {apiVersion: autoscaling/v2, kind: ScaledObject, name: x}"),
    "spec.autoscalerRef.apiVersion": spec(
        "autoscalerRef: {apiVersion: autoscaling/v2beta2, kind: HorizontalPodAutoscaler, name: x}"
    ),
    "spec.autoscalerRef.primaryScalerReplicas": spec(
        "autoscalerRef: {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, name: x,"
        " primaryScalerReplicas: {minReplicas: 2}}"
    ),
    "spec.service.match": service("match: [{uri: {prefix: /}}]"),
    "spec.service.rewrite": service("rewrite: {uri: /}"),
    "spec.service.corsPolicy": service("corsPolicy: {allowOrigins: [{exact: x}]}"),
    "spec.service.delegation": service("delegation: true"),
    "spec.service.portDiscovery": service("portDiscovery: true"),
    "spec.service.headless": service("headless: true"),
    "spec.service.appProtocol": service("appProtocol: tcp"),
    "spec.service.trafficDistribution": service("trafficDistribution: PreferClose"),
    "spec.service.unmanagedMetadata": service("unmanagedMetadata: {labels: [x]}"),
    "spec.service.meshName": service("meshName: x"),
    "spec.service.gatewayRefs": service("gatewayRefs: [{name: x}]"),
    "spec.service.mirror": service("mirror: [{backendRef: {name: x, port: 80}}]"),
    "spec.analysis.iterations": steps(f"iterations: 5 {HERE}"),
    "spec.analysis.match": analysis("match: [{headers: {x: {exact: y}}}]"),
    "spec.analysis.mirror": analysis("mirror: true"),
    "spec.analysis.mirrorWeight": analysis("mirrorWeight: 50"),
    "spec.analysis.sessionAffinity": analysis("sessionAffinity: {cookieName: x}"),
    "spec.analysis.stepWeightPromotion": analysis("stepWeightPromotion: 20"),
    "spec.analysis.primaryReadyThreshold": analysis("primaryReadyThreshold: 50"),
    "spec.analysis.canaryReadyThreshold": analysis("canaryReadyThreshold: 99"),
    "spec.analysis.alerts": analysis("alerts: [{name: x, providerRef: {name: y}}]"),
    "spec.analysis.metrics[0].templateRef": metric("name: x", A_RANGE, f"templateRef: {{name: y}} {HERE}"),
    "spec.analysis.webhooks[0].muteAlert": webhook("muteAlert: true"),
}


@pytest.mark.parametrize(("field", "change"), NOT_HONOURED.items())
def test_what_is_not_honoured_is_refused_by_name(field, change):
    text = altered(change)
    by_field = problems(text)
    assert by_field.keys() == {field}
    assert by_field[field].allowed.endswith(("not honoured yet)", "not honoured)", "no alerts to mute yet)"))
    assert by_field[field].line == line_of_mark(text)


def test_every_problem_is_told_at_once_in_the_order_of_the_lines():
    text = altered(
        ("  service:\n    port: 9898\n", "  service: {}\n"),
        ("    interval: 1m\n", ""),
        ("stepWeight: 10", "stepWeight: '10'"),
        ("min: 99", "min: a lot"),
        ("url: http://loadtester.test/", "uri: http://loadtester.test/"),
    )
    with pytest.raises(InvalidSpec) as refusal:
        read(text)
    assert [(problem.line, problem.field) for problem in refusal.value.problems] == [
        (11, "spec.service.port"),
        (12, "spec.analysis.interval"),
        (14, "spec.analysis.stepWeight"),
        (17, "spec.analysis.metrics[0].thresholdRange.min"),
        (19, "spec.analysis.webhooks[0].url"),
        (20, "spec.analysis.webhooks[0].uri"),
    ]


def test_a_problem_is_one_line_for_people():
    with pytest.raises(InvalidSpec) as refusal:
        read(altered(("stepWeight: 10", "stepWeight: '10'")))
    assert str(refusal.value) == (
        f"{FILE}:16: spec.analysis.stepWeight: found '10'; allowed: a whole number, without quotes"
    )


@pytest.mark.parametrize(
    ("gone", "field", "line"),
    [
        ("  name: podinfo\n", "metadata.name", 3),
        ("    apiVersion: apps/v1\n", "spec.targetRef.apiVersion", 7),
        ("    port: 9898\n", "spec.service", 11),
        ("    threshold: 3\n", "spec.analysis.threshold", 13),
        ("    stepWeight: 10\n", "spec.analysis", 13),
        ("    - name: load-test\n      url", "spec.analysis.webhooks[0].name", 21),
    ],
)
def test_what_is_missing_is_told_at_what_should_hold_it(gone, field, line):
    text = altered((gone, "    - url" if gone.endswith("url") else ""))
    assert {(problem.field, problem.line) for problem in problems(text).values()} == {(field, line)}


@pytest.mark.parametrize(
    ("change", "field", "hint"),
    [
        (analysis("stepWieghts: [1]"), "spec.analysis.stepWieghts", "stepWeights is one"),
        (service("type: ClusterIP"), "spec.service.type", "Flagger's schema"),
        (spec("targetref: 5"), "spec.targetref", "targetRef is one"),
        (
            ("  namespace: test\n", f"  namespace: test\n  annotation: {{}} {HERE}\n"),
            "metadata.annotation",
            "annotations",
        ),
        (analysis('"a.b c\\n": 1'), r"spec.analysis[a.b c\n]", ""),
    ],
)
def test_an_unknown_field_is_refused_with_the_one_that_may_be_meant(change, field, hint):
    text = altered(change)
    problem = problems(text)[field]
    assert (problem.found, problem.line) == ("an unknown field", line_of_mark(text))
    assert hint in problem.allowed


def test_the_old_name_of_analysis_is_told_with_its_new_one():
    found = problems(altered(("  analysis:\n", "  canaryAnalysis:\n"), ("v1beta1", "v1alpha3")))
    assert found["spec.canaryAnalysis"].allowed == "nothing (renamed: write analysis)"
    assert found["apiVersion"].allowed == "'flagger.app/v1beta1' or 'gitcanary.dev/v1beta1'"
    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "field", "found"),
    [
        ("'settle: 15'", "settle", "15"),
        ("'settle: -1s'", "settle", "'-1s'"),
        ("'sync: [{http: ftp://x}]'", "sync[0].http", "'ftp://x'"),
        ("'sync: [{http: http://a, delay: 1s}]'", "sync[0]", "http and delay"),
        ("'sync: [{}]'", "sync[0]", "none of them"),
        ("'sync: [live]'", "sync[0]", "'live'"),
        ("'sync: [{argocd: argocd/podinfo}]'", "sync[0].argocd", "'argocd/podinfo'"),
        ("'sync: [{flux: flux-system/podinfo}]'", "sync[0].flux", "'flux-system/podinfo'"),
        ("'sync: [{live: true}]'", "sync[0].live", "true"),
        ("'onNoData: rollback'", "onNoData", "'rollback'"),
        ("'onRevert: no'", "onRevert", "false"),
        ("'syncTimeout: 0s'", "syncTimeout", "'0s'"),
        ("'delivery: gate'", "delivery", "'gate'"),
        ("'delivery: pull-request'", "delivery", "'pull-request'"),
        ("'release: []'", "release", "an empty list"),
        ("'release: {canary: a#b, primary: c#d}'", "release", "a mapping"),
        ("'release: [{canary: a#b, primary: c}]'", "release[0].primary", "'c'"),
        ("'release: [{canary: ../a#b, primary: c#d}]'", "release[0].canary", "'../a#b'"),
        ("'release: [{canary: .git/config#b, primary: c#d}]'", "release[0].canary", "'.git/config#b'"),
        ("'release: [{canary: a#b, primary: c#d, source: e#f}, {canary: a#g, primary: c#h}]'", "release[1].source", ""),
        ("'weights: {primary: a#b, canary: c#d}'", "weights", "it without release"),
        ("'services: {primary: a, canary: b}'", "services", "it without release"),
        ("'workloads: {primary: a, canary: b}'", "workloads", "it without release"),
        ("'replicas: a'", "replicas", "'a'"),
        ("'settled: 1s'", "settled", "an unknown field"),
        ("'a: b: c'", "", "not YAML"),
        ("[1]", "", "a list"),
        ("'- 1'", "", "a list"),
        ('"a: 1\\n---\\nb: 2"', "", "2 documents"),
        ('"a: 1\\na: 2"', "", "a second time"),
    ],
)
def test_a_problem_in_the_annotation_is_told_on_its_line(text, field, found):
    whole = altered(annotation(text))
    dot = "" if field == "" else "."
    problem = problems(whole)[f"metadata.annotations[gitcanary.dev/gitops]{dot}{field}"]
    assert found in problem.found
    assert problem.line == line_of_mark(whole)


def test_gitcanarys_own_part_stands_in_one_place():
    own = [("flagger.app", "gitcanary.dev"), ("spec:\n", f"spec:\n  gitops: {{settle: 1s}} {HERE}\n")]
    assert problems(altered(*own)) == {}
    assert problems(altered(*own[1:]))["spec.gitops"].found == "it in flagger.app/v1beta1"
    text = altered(*own, annotation("'settle: 1s'"))
    assert problems(text)["spec.gitops"].allowed == "one of the two"
    assert problems(altered(own[0], ("spec:\n", "spec:\n  gitops: {settle: 1}\n"))).keys() == {"spec.gitops.settle"}


@pytest.mark.parametrize(
    ("stated", "given", "found"),
    [
        ("", None, "nothing"),
        ("  namespace: Test\n", None, "'Test'"),
        ("  namespace: test\n", "staging", "'test'"),
        ("", "${NAMESPACE}", "'${NAMESPACE}' in the kustomization"),
        ("", "", "'' in the kustomization"),
    ],
)
def test_a_namespace_is_stated_once_and_valid(stated, given, found):
    by_field = problems(altered(("  namespace: test\n", stated)), given)
    assert by_field.keys() == {"metadata.namespace"}
    assert by_field["metadata.namespace"].found == found


@pytest.mark.parametrize("name", ["Podinfo", "../podinfo", "pod_info", "podinfo-", "a..b", "x" * 254, "a\\nb", ""])
def test_a_name_that_no_object_can_have_is_refused(name):
    assert problems(altered(("  name: podinfo", f'  name: "{name}"'))).keys() == {"metadata.name"}


@pytest.mark.parametrize(
    "address",
    [
        "http://me:secret@a/",
        "http://secret@a",
        "ftp://me:secret@a",
        "http://me:secret word@a",
        "http://me:sec/secret@a",
    ],
)
def test_credentials_are_never_repeated(address):
    (problem,) = problems(altered(url(address))).values()
    assert "secret" not in str(problem)


def test_what_was_found_is_one_short_line():
    text = altered(("port: 9898", 'port: "' + "long\\n\\u202e" * 50 + '"'))
    found = problems(text)["spec.service.port"].found
    assert len(found) <= 80
    assert found.isprintable()


def test_what_a_query_says_is_not_repeated_at_length():
    query = '"{{ ' + "x" * 5000 + ' }} {{ \\e[31m }}"'
    text = altered(metric("name: e", f"query: {query}", A_RANGE))
    (problem,) = problems(text).values()
    assert len(str(problem)) < 400
    assert str(problem).isprintable()


def test_problems_beyond_forty_are_counted():
    items = "".join("    - {name: same}\n" for _ in range(60))
    with pytest.raises(InvalidSpec) as refusal:
        read(altered((WEBHOOK, items)))
    (count,) = [problem for problem in refusal.value.problems if "more problems" in problem.found]
    assert len(refusal.value.problems) == 41
    assert count.found == "20 more problems"


@pytest.mark.parametrize("text", ["5", "[]", "{}", "spec: [1]", "kind: Canary", "metadata: 5\nspec: 6"])
def test_what_is_no_canary_at_all_is_refused_too(text):
    assert problems(text)


@pytest.mark.parametrize("more", ["", "  skipAnalysis: false\n", "  analysis: null\n"])
def test_only_skip_analysis_does_without_an_analysis(more):
    start = VALID.index("  analysis:")
    assert problems(VALID[:start] + more).keys() == {"spec.analysis"}


def test_the_valid_one_is_valid():
    assert problems(VALID) == {}

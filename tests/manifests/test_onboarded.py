"""An onboarded canary's folder: what may not change under it, and what a changed spec takes away or adds."""

import pytest

from gitcanary.manifests import layout
from gitcanary.manifests.catalog import Folder
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.state import Action, Phase
from support.planning import canary_in, generated, onboarded
from support.podinfo import AUTOSCALER, CANARY, PLAIN, SCALED

PRIMARY, ROUTING = "podinfo.primary.yaml", "podinfo.routing.yaml"


def problems(folder: Folder) -> list[str]:
    return [str(problem) for problem in layout.problems(folder, canary_in(folder))]


def with_text(folder: Folder, file: str, old: str, new: str) -> Folder:
    text = folder.files[file].data.decode()
    assert old in text
    return folder.holding(file, text.replace(old, new).encode())


def without(folder: Folder, *names: str) -> Folder:
    return Folder(folder.path, {name: file for name, file in folder.files.items() if name not in names})


@pytest.fixture
def history():
    return onboarded(PLAIN)


def test_a_folder_is_taken_as_it_was_onboarded(history):
    assert problems(history.tip) == []


def test_another_target_after_the_onboarding_is_refused(history):
    folder = with_text(history.tip, "canary.yaml", "kind: Deployment, name: podinfo", "kind: Deployment, name: other")
    folder = with_text(folder, "deployment.yaml", "  name: podinfo\n", "  name: other\n")
    found = "\n".join(problems(folder))
    assert "spec.targetRef.name: found other; allowed: podinfo, under which it was onboarded" in found
    assert "spec.service.name: found other; allowed: podinfo" in found


def test_another_service_after_the_onboarding_is_refused(history):
    folder = with_text(history.tip, "canary.yaml", "  service:\n", "  service:\n    name: front\n")
    found = "\n".join(problems(folder))
    assert "apps/podinfo/canary.yaml:" in found
    assert "spec.service.name: found front; allowed: podinfo, under which it was onboarded" in found


@pytest.mark.parametrize(("file", "seen"), [(PRIMARY, "no primary"), (ROUTING, "no routing")])
def test_an_owned_file_that_somebody_deleted_at_rest_is_named(history, file, seen):
    [problem] = problems(without(history.tip, file))
    assert f"apps/podinfo/{file}" in problem
    assert seen in problem
    assert problems(without(history.tip, PRIMARY, ROUTING, "podinfo.rollout")) == []


RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: podinfo-primary, namespace: test}
spec:
  host: podinfo-primary.test.svc.cluster.local
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
"""
WITH_POLICY = CANARY.replace("mode: DISABLE", "mode: ISTIO_MUTUAL")
WITHOUT = CANARY.replace("    trafficPolicy:\n      tls:\n        mode: DISABLE\n", "")


@pytest.mark.parametrize(
    ("canary", "rule", "said"),
    [
        (WITHOUT, RULE, []),
        (WITH_POLICY, RULE, []),
        (WITH_POLICY, RULE.replace("ISTIO_MUTUAL", "DISABLE"), ["what spec.service.trafficPolicy says"]),
        (WITHOUT, RULE.replace("name: podinfo-primary", "name: mine"), ["another DestinationRule for podinfo-primary"]),
        (CANARY, RULE.replace("podinfo-primary", "elsewhere"), []),
    ],
    ids=["its own", "the same", "contradicts", "another name", "another host"],
)
def test_a_destination_rule_that_people_brought_says_the_same_or_is_refused(canary, rule, said):
    folder = onboarded({**PLAIN, "canary.yaml": canary}).tip
    folder = without(folder, PRIMARY, ROUTING, "podinfo.rollout").holding("rule.yaml", rule.encode())
    found = problems(folder)
    assert len(found) == len(said)
    assert all(part in problem for part, problem in zip(said, found, strict=True))


@pytest.mark.parametrize("missing", ["hpa.yaml", "deployment.yaml"])
def test_what_goes_with_the_target_has_to_be_applied_too(missing):
    listed = [name for name in ("deployment.yaml", "hpa.yaml") if name != missing]
    folder = onboarded(SCALED, scales=False).tip
    folder = without(folder, PRIMARY, ROUTING, "podinfo.rollout")
    folder = folder.holding("kustomization.yaml", f"resources: [{', '.join(listed)}]\n".encode())
    [problem] = problems(folder)
    assert f"{missing} is not listed" in problem


def changed(history, canary: str, **files: str):
    """Let a person change the Canary, and gitcanary render what it describes."""
    history.push_files(canary__yaml=canary, **files)
    history.decide(Commit(Action.ROUTE, history.next(phase=Phase.INITIALIZED), "the spec changed"))
    return generated(history.tip)


def test_an_autoscaler_that_the_spec_names_later_comes_at_once_and_takes_the_replicas(history):
    objects = changed(history, SCALED["canary.yaml"], hpa__yaml=AUTOSCALER)
    assert ("HorizontalPodAutoscaler", "podinfo-primary") in objects
    assert "replicas" not in objects["Deployment", "podinfo-primary"]["spec"]


def test_an_autoscaler_that_the_spec_names_no_more_goes_at_once():
    history = onboarded(SCALED, scales=False)
    assert ("HorizontalPodAutoscaler", "podinfo-primary") in generated(history.tip)
    objects = changed(history, CANARY)
    assert ("HorizontalPodAutoscaler", "podinfo-primary") not in objects
    assert ("Deployment", "podinfo-primary") in objects

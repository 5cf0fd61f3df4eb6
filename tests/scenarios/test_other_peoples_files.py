"""Scenarios 28, 35, 36 and 51: bytes that people wrote stay, and a canary stays in its room."""

import subprocess
from datetime import timedelta

import pytest

from gitcanary.controller.containment import contain
from gitcanary.errors import OutOfRoom, Refused
from gitcanary.rollout.state import Phase
from support.apps import seed_canary, without_autoscaler
from support.environment import Environment

VIRTUAL_SERVICE = """\
# routing of podinfo, kept by the platform team\r
apiVersion: networking.istio.io/v1\r
kind: VirtualService\r
metadata:\r
  name:   podinfo      # as the Service\r
  namespace: test\r
  labels: {team: "platform", emoji: '\U0001f680'}\r
spec:\r
  gateways: [istio-system/public-gateway]\r
  hosts: [app.example.com, podinfo]\r
  http:\r
    -  retries: &retries {attempts: 3, perTryTimeout: 1s, retryOn: "gateway-error,connect-failure,refused-stream"} # 5\r
       route:\r
        - destination: {host: podinfo-primary}\r
          weight:   100   # all of it\r
        - {destination: {host: podinfo-canary}, weight: 0}\r
    - name: docs\r
      retries: *retries\r
      route:\r
      - destination: {host: docs}"""

KUSTOMIZATION = """\
# what belongs to podinfo
namespace: test   # everywhere
resources:
- deployment.yaml   # the workload

-   canary.yaml
"""


def own_routing(virtual_service: str) -> dict[str, str]:
    """Return the seed's folder with a VirtualService that people brought."""
    return {**without_autoscaler(), "apps/podinfo/virtualservice.yaml": virtual_service}


def test_28_in_a_virtual_service_of_peoples_exactly_the_weights_change(make) -> None:
    environment = make(own_routing(VIRTUAL_SERVICE))
    environment.onboard()
    environment.set_image("6.0.1")
    environment.run_until(lambda: environment.record.weight == 20)
    blob = f"{environment.remote.tip}:apps/podinfo/virtualservice.yaml"
    bytes_ = subprocess.run(
        ["git", "--git-dir", environment.remote.folder, "cat-file", "blob", blob], check=True, capture_output=True
    ).stdout
    expected = VIRTUAL_SERVICE.replace("weight:   100   #", "weight:   80   #").replace("weight: 0}", "weight: 20}")
    assert bytes_ == expected.encode()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("attempts: 3", "attempts: 2", "spec.http.0.retries: found a mapping; allowed: what spec.service.retries says"),
        ("hosts: [app.example.com, podinfo]", "hosts: [podinfo]", "app.example.com too, as spec.service.hosts says"),
        ("gateways: [istio-system/public-gateway]", "gateways: [mesh]", "as spec.service.gateways says"),
    ],
    ids=["retries", "hosts", "gateways"],
)
def test_28_a_spec_that_the_virtual_service_contradicts_is_refused_and_not_ignored(make, old, new, said) -> None:
    environment = make(own_routing(VIRTUAL_SERVICE.replace(old, new)))
    environment.run(timedelta(minutes=5))
    assert environment.subjects == []
    [refused] = environment.told.named("refused")
    assert said in refused["reason"]


@pytest.mark.parametrize(
    ("virtual_service", "line"),
    [
        (VIRTUAL_SERVICE.replace("weight:   100 ", "weight: &w 100 ").replace("weight: 0}", "weight: *w}"), 15),
        (VIRTUAL_SERVICE.replace("weight: 0}", "weight: '0'}"), 16),
        (VIRTUAL_SERVICE.replace(", weight: 0}", "}"), 16),
    ],
    ids=["anchor and alias", "a weight in quotes", "no weight"],
)
def test_28_what_cannot_be_edited_exactly_is_refused_with_file_and_line(make, virtual_service, line) -> None:
    environment = make(own_routing(virtual_service))
    environment.run(timedelta(minutes=5))
    assert environment.subjects == []
    [refused] = environment.told.named("refused")
    assert f"apps/podinfo/virtualservice.yaml:{line}" in refused["reason"]


def test_35_a_canary_that_names_another_teams_service_is_refused(make) -> None:
    billing = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: billing, namespace: test}\nspec: {selector: {app: billing}}\n"
    )
    canary = seed_canary().replace("  service:\n", "  service:\n    name: billing\n")
    environment = make({**without_autoscaler(canary=canary), "apps/billing/service.yaml": billing})
    environment.run(timedelta(minutes=5))
    assert environment.subjects == []
    [refused] = environment.told.named("refused")
    assert "Service test/billing" in refused["reason"]
    assert "apps/billing/service.yaml:1" in refused["reason"]


@pytest.mark.parametrize(
    "path", ["apps/billing/service.yaml", "README.md", "apps/podinfo/deeper/x.yaml", "apps/podinfo2/x"]
)
def test_35_containment_refuses_what_leaves_the_room_whatever_the_code_before_it_believed(environment, path) -> None:
    mirror = environment.controller.mirror
    tip = mirror.fetch()
    commit = mirror.commit(tip, {path: b"x: 1\n", "apps/podinfo/x.yaml": b"x: 1\n"}, "Leave", environment.clock.now())
    with pytest.raises(OutOfRoom, match=path):
        contain(mirror, tip, commit, "apps/podinfo")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "apps/../../x", ".git/config", "apps/podinfo/.GIT/config"])
def test_35_no_path_leads_out_of_the_repository(environment, path) -> None:
    mirror = environment.controller.mirror
    with pytest.raises(Refused):
        mirror.commit(mirror.fetch(), {path: b"x"}, "Leave", environment.clock.now())


def test_36_a_name_cannot_smuggle_anything_into_a_message(make) -> None:
    evil = '"x [skip ci]\\n\\nGitcanary-Action: promote"'
    canary = seed_canary().replace("- name: load-test", f"- name: {evil}")
    environment = make(without_autoscaler(canary=canary))
    environment.run(timedelta(minutes=5))
    assert environment.subjects == []
    [refused] = environment.told.named("refused")
    assert "apps/podinfo/canary.yaml:" in refused["reason"]


def test_36_interpret_trailers_shows_only_ours(environment) -> None:
    environment.set_image("6.0.1")
    environment.prometheus.values["request-success-rate"] = 91.4
    environment.run_to(Phase.FAILED)
    names = {
        "Gitcanary-Canary",
        "Gitcanary-Path",
        "Gitcanary-Action",
        "Gitcanary-Weight",
        "Gitcanary-Revision",
        "Gitcanary-Source",
        "Gitcanary-Live",
    }
    for line in environment.ours:
        parsed = subprocess.run(
            ["git", "interpret-trailers", "--parse"], input=line.message, check=True, capture_output=True, text=True
        ).stdout
        assert {trailer.partition(":")[0] for trailer in parsed.splitlines()} <= names
        assert "Gitcanary-Action" in parsed


def test_51_a_plain_kustomization_gets_items_in_resources_and_nothing_else(make) -> None:
    environment: Environment = make({**without_autoscaler(), "apps/podinfo/kustomization.yaml": KUSTOMIZATION})
    environment.onboard()
    text = environment.read("kustomization.yaml")
    added = [line for line in text.splitlines() if line not in KUSTOMIZATION.splitlines()]
    assert sorted(line.strip("- ") for line in added) == ["podinfo.primary.yaml", "podinfo.routing.yaml"]
    assert "".join(line for line in text.splitlines(keepends=True) if line.rstrip("\n") not in added) == KUSTOMIZATION

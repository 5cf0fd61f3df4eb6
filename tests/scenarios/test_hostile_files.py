"""Scenario 39 in the loop: a hostile file stops its own canary and no other, and nothing is committed for it."""

from gitcanary.rollout.state import Phase
from support.apps import DEPLOYMENT, without_autoscaler
from support.environment import Environment
from support.hostile import CASES, FOLDER, sound


def all_at_once() -> dict[str, str | bytes]:
    """Return every hostile folder, each under a name of its own, beside a healthy canary's."""
    files: dict[str, str | bytes] = dict(without_autoscaler())
    for number, case in enumerate(CASES.values()):
        for path, content in case.change(sound()).items():
            files[path.replace(case.folder, f"{case.folder}-{number}")] = content
    return files


def test_39_all_hostile_files_at_once_and_another_canary_goes_on_to_its_end(make) -> None:
    environment: Environment = make(all_at_once())
    environment.onboard()
    environment.set_image("6.0.1")
    environment.run_to(Phase.SUCCEEDED)
    refused = {str(told["path"]) for told in environment.told.named("refused")}
    assert refused == {f"{case.folder}-{number}" for number, case in enumerate(CASES.values())}
    assert {line.message.partition("Gitcanary-Path: ")[2].split("\n")[0] for line in environment.ours} == {
        "apps/podinfo"
    }
    assert not environment.told.named("stuck") + environment.told.named("defect")


def test_two_new_canaries_that_claim_one_service_are_both_refused_before_either_begins(make) -> None:
    second = {
        path: text.replace("name: podinfo", "name: evil").replace("  service:\n", "  service:\n    name: podinfo\n")
        for path, text in without_autoscaler(FOLDER).items()
    }
    environment: Environment = make({**without_autoscaler(), **second})
    environment.settle()
    assert environment.subjects == []
    told = {str(told["path"]): str(told["reason"]) for told in environment.told.named("refused")}
    assert set(told) == {"apps/podinfo", FOLDER}
    assert f"Service test/podinfo, which the Canary in {FOLDER}/canary.yaml writes too" in told["apps/podinfo"]
    environment.commit({f"{FOLDER}/canary.yaml": None}, "Take one back")
    environment.onboard()


def test_who_claims_what_another_canary_has_is_refused_and_stops_nobody_else(environment: Environment) -> None:
    second = without_autoscaler(FOLDER)
    canary = second[f"{FOLDER}/canary.yaml"].replace("name: podinfo", "name: evil", 1)
    deployment = DEPLOYMENT.replace("name: podinfo", "name: evil")
    canary = canary.replace("    kind: Deployment\n    name: podinfo", "    kind: Deployment\n    name: evil")
    canary = canary.replace("  service:\n", "  service:\n    name: podinfo\n")
    environment.commit({f"{FOLDER}/canary.yaml": canary, f"{FOLDER}/deployment.yaml": deployment}, "Claim it too")
    environment.set_image("6.0.1")
    environment.run_to(Phase.SUCCEEDED)
    [refused] = environment.told.named("refused")
    assert refused["path"] == FOLDER
    assert "Service test/podinfo also declared in apps/podinfo/podinfo.routing.yaml" in str(refused["reason"])


RIVAL = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: rival, namespace: test}
spec:
  hosts: [HOST]
  gateways: [istio-system/public-gateway]
  http:
  - route: [{destination: {host: elsewhere}}]
"""


def test_a_virtual_service_of_another_teams_for_the_same_host_and_gateway_is_a_conflict(make) -> None:
    path = "apps/other/routes.yaml"
    environment: Environment = make({**without_autoscaler(), path: RIVAL.replace("HOST", "app.example.com")})
    environment.settle()
    assert environment.subjects == []
    [refused] = environment.told.named("refused")
    said = "route test/app.example.com on istio-system/public-gateway also declared in apps/other/routes.yaml:1"
    assert said in str(refused["reason"])
    environment.commit({path: RIVAL.replace("HOST", "other.example.com")}, "Another host")
    environment.onboard()

"""Decisions in folders where people brought more than the least: routing of their own, ConfigMaps, a kustomization."""

import pytest

from gitcanary.errors import InvalidSpec, Unspliceable
from gitcanary.manifests import layout, release
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.state import Action
from support.planning import History, folder_of, generated, onboarded, promotion, rise
from support.podinfo import CANARY, DEPLOYMENT, PLAIN, SERVICE, VIRTUAL_SERVICE

PRIMARY, ROUTING = "podinfo.primary.yaml", "podinfo.routing.yaml"


def test_a_plain_kustomization_gets_items_and_nothing_else():
    text = "# ours\r\nresources:\r\n  - deployment.yaml   # the app\r\n  - ./canary.yaml\r\nnamespace: test\r\n"
    history = onboarded({**PLAIN, "kustomization.yaml": text})
    added = f"  - {PRIMARY}\r\n  - {ROUTING}\r\n"
    expected = text.replace("namespace:", f"{added}namespace:")
    assert history.tip.files["kustomization.yaml"].data.decode() == expected


def test_a_service_that_people_brought_is_spliced():
    history = onboarded({**PLAIN, "service.yaml": SERVICE})
    assert history.tip.files["service.yaml"].data.decode() == SERVICE.replace('"podinfo"', '"podinfo-primary"')
    assert ("Service", "podinfo") not in generated(history.tip)


def test_a_virtual_service_that_people_brought_changes_in_its_weights_alone():
    history = onboarded({**PLAIN, "vs.yaml": VIRTUAL_SERVICE})
    assert ("VirtualService", "podinfo") not in generated(history.tip)
    for weight in (0, 10, 100, 30):
        history.decide(rise(history, weight))
        expected = VIRTUAL_SERVICE.replace("weight: 0 ", f"weight: {100 - weight} ").replace(
            "weight: 100\r", f"weight: {weight}\r"
        )
        assert history.tip.files["vs.yaml"].data.decode() == expected
        assert release.placed(history.tip, history.canary).weight == weight


def test_an_anchored_weight_is_spliced_exactly_or_refused():
    text = VIRTUAL_SERVICE.replace("weight: 0 ", "weight: &w 50 ").replace("weight: 100\r", "weight: *w\r")
    history = History(folder_of({**PLAIN, "vs.yaml": text}))
    with pytest.raises(InvalidSpec, match=r"vs.yaml:\d+"):
        layout.check(history.tip, history.canary)
    with pytest.raises(Unspliceable):
        history.decide(Commit(Action.ROUTE, history.next(), weight=0))


SUBSETS = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: podinfo, namespace: test}
spec:
  gateways: [istio-system/public-gateway]
  hosts: [app.example.com, podinfo]
  http:
  - retries: {attempts: 3, perTryTimeout: 1s, retryOn: "gateway-error,connect-failure,refused-stream"}
    route:
    - destination: {host: podinfo, subset: canary}
      weight: 0
    - destination: {host: podinfo, subset: primary}
      weight: 100
"""


def test_subsets_of_one_service_are_weighted_and_the_service_keeps_selecting_both():
    shared = SERVICE.replace('app: "podinfo"', "tier: front")
    target = DEPLOYMENT.replace("      app: podinfo\n", "      app: podinfo\n      tier: front\n", 1)
    history = onboarded({"canary.yaml": CANARY, "deployment.yaml": target, "service.yaml": shared, "vs.yaml": SUBSETS})
    assert history.tip.files["service.yaml"].data.decode() == shared
    history.decide(rise(history, 20))
    assert history.tip.files["vs.yaml"].data.decode() == SUBSETS.replace("weight: 0", "weight: 20").replace("100", "80")


def test_a_changed_spec_leaves_what_people_brought():
    history = onboarded({**PLAIN, "service.yaml": SERVICE})
    brought = history.tip.files["service.yaml"].data
    history.push_files(canary__yaml=CANARY.replace("port: 9898", "port: 80\n    apex: {labels: {team: a}}"))
    history.decide(Commit(Action.ROUTE, history.next(), "the spec changed"))
    assert history.tip.files["service.yaml"].data == brought
    objects = generated(history.tip)
    assert objects["Service", "podinfo-canary"]["spec"]["ports"][0]["port"] == 80
    assert objects["Service", "podinfo-primary"]["metadata"]["labels"] == {"app": "podinfo-primary"}
    assert objects["VirtualService", "podinfo"]["spec"]["http"][0]["route"][0]["weight"] == 100


CONFIGURED = DEPLOYMENT + "          envFrom:\n            - configMapRef: {name: settings}\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: test}\ndata: {color: red}\n"


def test_another_content_of_a_config_map_rolls_the_primary():
    history = onboarded({"canary.yaml": CANARY, "deployment.yaml": CONFIGURED, "config.yaml": CONFIG})
    before = release.placed(history.tip, history.canary)
    old = generated(history.tip)["Deployment", "podinfo-primary"]["spec"]["template"]
    history.push_files(config__yaml=CONFIG.replace("red", "blue"))
    assert release.placed(history.tip, history.canary).canary != before.canary
    assert release.placed(history.tip, history.canary).primary == before.primary
    history.decide(promotion(history))
    objects = generated(history.tip)
    assert objects["ConfigMap", "settings-primary"]["data"] == {"color": "blue"}
    assert objects["Deployment", "podinfo-primary"]["spec"]["template"] != old
    assert release.placed(history.tip, history.canary).primary != before.primary


def test_a_config_map_that_a_new_revision_uses_first_is_copied_at_its_promotion():
    history = onboarded(PLAIN)
    history.push_files(deployment__yaml=CONFIGURED, config__yaml=CONFIG)
    history.decide(promotion(history))
    assert generated(history.tip)["ConfigMap", "settings-primary"]["data"] == {"color": "red"}

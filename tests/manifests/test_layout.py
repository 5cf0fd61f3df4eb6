"""What the plain layout allows, and how everything else is refused: file, line, what was found, what to do."""

import pytest

from gitcanary.errors import InvalidSpec
from gitcanary.manifests import layout
from gitcanary.manifests.catalog import Folder
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.state import Action
from support.planning import History, canary_in, folder_of
from support.podinfo import AUTOSCALED, AUTOSCALER, CANARY, DEPLOYMENT, PLAIN, SCALED, SERVICE, VIRTUAL_SERVICE

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n  color: red\n  shade: ${SHADE}\n"
USES_CONFIG = DEPLOYMENT + "          envFrom:\n            - configMapRef: {name: settings}\n"
OTHER_PRIMARY = DEPLOYMENT.replace("name: podinfo\n", "name: podinfo-primary\n", 1)
HARMLESS = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: test
resources: [./deployment.yaml]
"""
RIVAL = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: rival, namespace: test}
spec:
  hosts: [app.example.com]
  gateways: [istio-system/public-gateway]
  http:
  - route: [{destination: {host: elsewhere}}]
"""


def problems(files: dict[str, str]) -> dict[str, str]:
    """Return what is refused: where, and what was found."""
    folder = folder_of(files)
    return {
        f"{problem.file}:{problem.line} {problem.field}": problem.found
        for problem in layout.problems(folder, canary_in(folder))
    }


@pytest.mark.parametrize(
    "files",
    [
        PLAIN,
        SCALED,
        {**PLAIN, "service.yaml": SERVICE},
        {**PLAIN, "vs.yaml": VIRTUAL_SERVICE},
        {**PLAIN, "kustomization.yaml": HARMLESS},
        {
            **PLAIN,
            "kustomization.yaml": HARMLESS.replace("]", ", below, below/x.yaml, v1.2/y.yaml, a.example.yaml, ...]"),
        },
        {**PLAIN, "deployment.yaml": DEPLOYMENT.replace("  replicas: 2   # two are enough\n", "")},
        {**PLAIN, "notes.yaml": "{{ broken"},
        {**PLAIN, "rival.yaml": RIVAL.replace("public", "other")},
        {"all.yaml": CANARY + "---\n" + DEPLOYMENT},
    ],
)
def test_a_plain_folder_is_fine(files):
    assert problems(files) == {}


IMAGE = "deployment.yaml:18 spec.template.spec.containers.0.image"
KUSTOMIZATION = "kustomization.yaml"
REFUSED = [
    ("deployment.yaml", "kind: List\n", "canary.yaml:7 spec.targetRef.name"),
    (KUSTOMIZATION, "resources: [deployment.yaml]\nimages: []\n", "kustomization.yaml:2 images"),
    (KUSTOMIZATION, "resources:\n- canary.yaml\n", "kustomization.yaml:1 resources"),
    (KUSTOMIZATION, "resources: [deployment.yaml]\nkind: Component\n", "kustomization.yaml:2 kind"),
    (KUSTOMIZATION, "resources: [\n", "kustomization.yaml:1 kustomization"),
    (KUSTOMIZATION, "resources: deployment.yaml\n", "kustomization.yaml:1 resources"),
    *(
        (KUSTOMIZATION, f"resources:\n- deployment.yaml\n- {item}\n", "kustomization.yaml:3 resources.1")
        for item in (
            "https://example.com/all.yaml",
            "github.com/acme/app",
            "GitHub.com/acme/app?ref=main",
            "git@example.com:acme/app",
            "file:///etc/app",
            "../base",
            "below/../../base",
            "/etc/app",
            "~/app",
            "7",
            "null",
            "{deployment.yaml: 1}",
            '"x\\ny.yaml"',
            "''",
        )
    ),
    ("Chart.yaml", "name: podinfo\n", "Chart.yaml:1 chart"),
    ("deployment.yaml", DEPLOYMENT.replace("6.0.0", "${TAG}"), IMAGE),
    ("deployment.yaml", DEPLOYMENT.replace("podinfo:6.0.0", "'{{ .Values.image }}'"), IMAGE),
    ("deployment.yaml", DEPLOYMENT.replace("app:", "tier:"), "deployment.yaml:9 spec.selector.matchLabels"),
    ("deployment.yaml", DEPLOYMENT.replace("replicas: 2", "replicas: &n 2"), "deployment.yaml:7 spec.replicas"),
    ("again.yaml", DEPLOYMENT, "deployment.yaml:4 metadata.name"),
    ("primary.yaml", OTHER_PRIMARY, "primary.yaml:4 metadata.name"),
    ("podinfo.primary.yaml", "# mine\n", "podinfo.primary.yaml:1 file"),
    ("podinfo.routing.yaml", "# Owned by gitcanary for canary test/other. \n", "podinfo.routing.yaml:1 file"),
    ("canary.yaml", AUTOSCALED, "canary.yaml:8 spec.autoscalerRef.name"),
    ("service.yaml", SERVICE.replace('"podinfo"', '"other"'), "service.yaml:8 spec.selector.app"),
    ("service.yaml", SERVICE.replace("app:", "tier:"), "service.yaml:8 spec.selector.app"),
    ("service.yaml", SERVICE.replace("name: podinfo", "name: podinfo-primary"), "service.yaml:8 spec.selector.app"),
    ("vs.yaml", VIRTUAL_SERVICE.replace("weight: 0 ", ""), "vs.yaml:18 spec.http.1.route.0.weight"),
    ("vs.yaml", VIRTUAL_SERVICE.replace(": 100", ': "100"'), "vs.yaml:22 spec.http.1.route.1.weight"),
    ("vs.yaml", RIVAL.replace("rival", "podinfo"), "vs.yaml:7 spec.http"),
    ("rival.yaml", RIVAL, "rival.yaml:5 spec.hosts"),
]


@pytest.mark.parametrize(
    ("file", "text", "where"), REFUSED, ids=[f"{where} {number}" for number, (_, _, where) in enumerate(REFUSED)]
)
def test_everything_else_is_refused_with_its_place(file, text, where):
    assert f"apps/podinfo/{where}" in problems({**PLAIN, file: text})


def test_a_config_map_that_waits_for_a_template_engine_is_refused():
    files = {"deployment.yaml": USES_CONFIG, "config.yaml": CONFIG}
    assert "apps/podinfo/config.yaml:6 data.shade" in problems({**PLAIN, **files})


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("v2", "v2beta2", "hpa.yaml:1 apiVersion"),
        ("    name: podinfo", "    name: other", "hpa.yaml:10 spec.scaleTargetRef.name"),
        ("maxReplicas: 4", "maxReplicas: ${MAX}", "hpa.yaml:12 spec.maxReplicas"),
    ],
)
def test_an_autoscaler_that_cannot_be_copied_is_refused(old, new, where):
    assert f"apps/podinfo/{where}" in problems({**SCALED, "hpa.yaml": AUTOSCALER.replace(old, new)})


def test_a_third_destination_is_refused():
    third = VIRTUAL_SERVICE.replace("        fault", "        -   destination: {host: elsewhere}\r\n        fault")
    assert "apps/podinfo/vs.yaml:17 spec.http.1.route" in problems({**PLAIN, "vs.yaml": third})


def test_two_virtual_services_for_it_are_refused():
    second = VIRTUAL_SERVICE.replace("frontdoor", "podinfo")
    assert "apps/podinfo/vs.yaml:5 metadata.name" in problems({**PLAIN, "two.yaml": second, "vs.yaml": VIRTUAL_SERVICE})


def test_a_symlink_with_the_name_of_an_owned_file_is_refused():
    folder = folder_of(PLAIN)
    linked = Folder(folder.path, folder.files, frozenset({"podinfo.rollout"}))
    with pytest.raises(InvalidSpec, match="symlink"):
        layout.check(linked, canary_in(folder))


def test_a_target_in_a_file_that_cannot_be_read_is_said():
    found = problems({**PLAIN, "deployment.yaml": DEPLOYMENT + "\t- tab\n"})
    assert "deployment.yaml" in found["apps/podinfo/canary.yaml:7 spec.targetRef.name"]


@pytest.mark.parametrize(
    "files", [PLAIN, SCALED, {**PLAIN, "service.yaml": SERVICE}, {**PLAIN, "vs.yaml": VIRTUAL_SERVICE}]
)
def test_what_gitcanary_wrote_itself_is_fine(files):
    history = History(folder_of(files))
    history.onboard(scales="hpa.yaml" not in files)
    assert layout.problems(history.tip, history.canary) == ()


def test_a_virtual_service_that_comes_beside_the_owned_one_is_refused():
    history = History(folder_of(PLAIN))
    history.onboard()
    history.push_files(vs__yaml=VIRTUAL_SERVICE)
    with pytest.raises(InvalidSpec, match="another VirtualService"):
        layout.check(history.tip, history.canary)


def test_subsets_need_a_service_that_selects_both():
    text = VIRTUAL_SERVICE.replace("host: podinfo-canary", "host: podinfo, subset: canary")
    text = text.replace(
        "host: podinfo-primary.test.svc.cluster.local", "host: podinfo\r\n                subset: primary"
    )
    assert "apps/podinfo/vs.yaml:11 spec.http" in problems({**PLAIN, "vs.yaml": text})
    assert "apps/podinfo/service.yaml:8 spec.selector.app" in problems(
        {**PLAIN, "vs.yaml": text, "service.yaml": SERVICE}
    )


def test_nothing_is_planned_by_a_check():
    history = History(folder_of(PLAIN))
    layout.check(history.tip, history.canary)
    assert set(history.decide(Commit(Action.RESUME, history.next()))) == {"podinfo.rollout"}


def test_a_rollout_does_not_stop_for_a_comment_that_somebody_removed():
    history = History(folder_of(PLAIN))
    history.onboard()
    text = history.tip.files["podinfo.routing.yaml"].data
    history.tip = history.tip.holding("podinfo.routing.yaml", text[text.index(b"\n") + 1 :])
    assert layout.problems(history.tip, history.canary) == ()

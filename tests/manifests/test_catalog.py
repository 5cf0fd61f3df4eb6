"""The objects of a folder: found by kind, name and namespace, and parsed once."""

import pytest

from gitcanary.errors import InvalidFile, InvalidSpec
from gitcanary.manifests import canaries, catalog, release, weights
from gitcanary.manifests.catalog import Folder
from support.planning import canary_in, folder_of
from support.podinfo import CANARY, DEPLOYMENT, PLAIN, SCALED, VIRTUAL_SERVICE

UNNAMED = DEPLOYMENT.replace("  namespace: test\n", "")


def target(folder: Folder, namespace: str = "test") -> str | None:
    found = folder.find("Deployment", "podinfo", namespace)
    return found.file if found else None


@pytest.mark.parametrize(
    ("files", "file"),
    [
        (PLAIN, "deployment.yaml"),
        ({"a.json": '{"kind": "Deployment", "metadata": {"name": "podinfo", "namespace": "test"}}'}, "a.json"),
        ({"a.yml": CANARY + "---\n" + DEPLOYMENT}, "a.yml"),
        ({"a.txt": DEPLOYMENT}, None),
        ({"a.yaml": DEPLOYMENT.replace("namespace: test", "namespace: prod")}, None),
        ({"a.yaml": UNNAMED}, "a.yaml"),
        ({"a.yaml": UNNAMED, "kustomization.yaml": "namespace: test\n"}, "a.yaml"),
        ({"a.yaml": UNNAMED, "kustomization.yaml": "namespace: prod\n"}, None),
        (
            {"a.yaml": "kind: Deployment podinfo\n", "b.yaml": "Deployment: podinfo: {\n", "c.yaml": DEPLOYMENT},
            "c.yaml",
        ),
    ],
)
def test_an_object_is_found_where_it_is(files, file):
    assert target(folder_of(files)) == file


def test_an_object_knows_the_lines_of_its_fields():
    found = folder_of({"a.yaml": CANARY + "---\n" + DEPLOYMENT}).find("Deployment", "podinfo", "test")
    assert found is not None
    assert found.line("spec", "replicas") == CANARY.count("\n") + 1 + 7
    assert found.place("spec", "replicas").document == 1


def test_a_file_is_parsed_once_for_each_content():
    one, other = folder_of(PLAIN), folder_of(PLAIN, path="apps/other")
    assert one.files["deployment.yaml"].documents is other.files["deployment.yaml"].documents


def test_a_file_that_cannot_be_read_is_named_when_asked():
    folder = folder_of({"a.yaml": "a: [\n", "b.yaml": "b: 1\n"})
    assert [trouble.file for trouble in folder.unreadable()] == ["a.yaml"]
    with pytest.raises(InvalidFile, match=r"a\.yaml:"):
        _ = folder.files["a.yaml"].documents


def test_a_folder_has_only_ordinary_files_that_may_matter_and_reads_what_is_needed():
    asked = []

    def read(blob: str) -> bytes:
        asked.append(blob)
        return b""

    entries = [
        ("a.yaml", "1", 0o100644),
        ("podinfo.rollout", "2", 0o100644),
        ("Kustomization", "3", 0o100755),
        ("picture.png", "4", 0o100644),
        ("link.yaml", "5", 0o120000),
        ("module.yaml", "6", 0o160000),
        ("elsewhere", "7", 0o040000),
    ]
    folder = catalog.folder("apps", entries, read)
    assert list(folder.files) == ["a.yaml", "podinfo.rollout", "Kustomization"]
    assert asked == []
    assert folder.files["a.yaml"].data == b""
    assert asked == ["1"]
    assert folder.links == {"link.yaml", "module.yaml"}
    assert folder.full("a.yaml") == "apps/a.yaml"


def test_a_folder_without_a_canary_has_none():
    assert canaries.read_canaries(folder_of({"deployment.yaml": DEPLOYMENT, "broken.yaml": "{{ x"})) == []


def test_a_canary_takes_the_namespace_of_the_kustomization():
    files = {"canary.yaml": CANARY.replace("  namespace: test\n", ""), "kustomization.yaml": "namespace: prod\n"}
    assert canary_in(folder_of(files)).namespace == "prod"


def test_a_broken_canary_is_refused_with_its_file_and_stops_no_other():
    broken = CANARY.replace("stepWeight: 10", "stepWeight: ten")
    first, second, third = canaries.read_canaries(
        folder_of({"a.yaml": broken, "b.yaml": CANARY + "\t", "c.yaml": CANARY, "deployment.yaml": DEPLOYMENT})
    )
    assert isinstance(first, InvalidSpec)
    assert first.problems[0].file == "apps/podinfo/a.yaml"
    assert isinstance(second, InvalidFile)
    assert second.file == "apps/podinfo/b.yaml"
    assert not isinstance(third, Exception)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, ["metadata.name", "spec.targetRef.name", "spec.service"]),
        ({"name: podinfo\n": "name: other\n"}, ["spec.targetRef.name", "spec.service"]),
        ({"name: podinfo\n": "name: other\n", "Deployment, name: podinfo": "Deployment, name: other"}, None),
    ],
)
def test_two_that_share_something_are_both_refused(change, fields):
    second = CANARY
    for old, new in change.items():
        second = second.replace(old, new)
    found = canaries.read_canaries(folder_of({"a.yaml": CANARY, "b.yaml": second}))
    refused = [
        [problem.field for problem in each.problems] if isinstance(each, InvalidSpec) else None for each in found
    ]
    assert refused == [fields, fields]


def test_a_deleted_canary_is_read_again_from_its_blob():
    former = canaries.read_former(folder_of({}), "5d41", (CANARY + "---\n" + DEPLOYMENT).encode(), "test/podinfo")
    assert (former.name, former.spec.blob) == ("podinfo", "5d41")
    with pytest.raises(InvalidFile, match="no Canary test/other"):
        canaries.read_former(folder_of({}), "5d41", CANARY.encode(), "test/other")


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("podinfo:6.0.1", "6.0.1"),
        ("host:5000/podinfo", None),
        ("host:5000/podinfo:v1", "v1"),
        ("podinfo:v1@sha256:00", "v1"),
        ("podinfo@sha256:00", None),
        ("podinfo", None),
    ],
)
def test_a_revision_is_called_by_its_one_tag(image, tag):
    folder = folder_of({**PLAIN, "deployment.yaml": DEPLOYMENT.replace("ghcr.io/stefanprodan/podinfo:6.0.0", image)})
    assert release.label(folder, canary_in(folder)) == tag


def test_two_tags_are_no_name():
    two = DEPLOYMENT + "        - {name: proxy, image: 'envoy:1.30'}\n"
    folder = folder_of({**PLAIN, "deployment.yaml": two})
    assert release.label(folder, canary_in(folder)) is None


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        ("6.0.0", "6.0.1", True),
        ("replicas: 2", "replicas: 5", False),
        ("# moved by CI", "", False),
        ("  selector", "  minReadySeconds: 9\n  selector", False),
        (
            "            - name: http\n              containerPort: 9898",
            "            - {containerPort: 9898, name: http}",
            False,
        ),
    ],
)
def test_a_revision_is_what_runs_and_nothing_else(old, new, differs):
    before, after = folder_of(PLAIN), folder_of({**PLAIN, "deployment.yaml": DEPLOYMENT.replace(old, new, 1)})
    canary = canary_in(before)
    assert (release.revision(before, canary) != release.revision(after, canary)) is differs


def test_what_is_placed_before_onboarding_is_the_target_alone():
    folder = folder_of(PLAIN)
    placed = release.placed(folder, canary_in(folder))
    assert (placed.weight, placed.primary, placed.replicas) == (None, None, 2)
    assert placed.canary == release.revision(folder, canary_in(folder))


def test_replicas_beside_an_autoscaler_are_not_ours():
    folder = folder_of(SCALED)
    assert release.placed(folder, canary_in(folder)).replicas is None
    assert not release.is_scalable(folder, canary_in(folder))


def test_a_folder_without_its_target_has_nothing_placed():
    placed = release.placed(folder_of({"canary.yaml": CANARY}), canary_in(folder_of(PLAIN)))
    assert (placed.weight, placed.canary, placed.primary, placed.replicas) == (None, None, None, None)


@pytest.mark.parametrize(
    ("primary", "canary", "share"), [(100, 0, 0), (80, 20, 20), (50, 50, 50), (50, 20, 29), (0, 0, 0), (0, 7, 100)]
)
def test_weights_are_read_in_proportion(primary, canary, share):
    text = VIRTUAL_SERVICE.replace("weight: 0 ", f"weight: {primary} ").replace("weight: 100\r", f"weight: {canary}\r")
    folder = folder_of({**PLAIN, "vs.yaml": text})
    assert weights.canary_weight(folder, canary_in(folder)) == share


def test_of_several_routes_the_largest_share_counts():
    route = VIRTUAL_SERVICE[VIRTUAL_SERVICE.index("    -   name: main") :].replace("&retries ", "")
    more = route.replace("weight: 0 ", "weight: 70 ").replace("weight: 100", "weight: 30")
    few = VIRTUAL_SERVICE.replace("weight: 0 ", "weight: 90 ").replace("weight: 100", "weight: 10")
    for text in (few + more, few.replace("90 ", "60 ").replace("10\r", "40\r") + more):
        folder = folder_of({**PLAIN, "vs.yaml": text})
        assert weights.canary_weight(folder, canary_in(folder)) == (40 if "40\r" in text else 30)


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("podinfo-primary", True),
        ("podinfo-primary.test", True),
        ("podinfo-primary.test.svc", True),
        ("podinfo-primary.test.svc.cluster.local", True),
        ("podinfo-primary.prod", False),
        ("podinfo-primary.example.com", False),
    ],
)
def test_a_host_of_another_namespace_is_another_service(host, is_ours):
    text = VIRTUAL_SERVICE.replace("podinfo-primary.test.svc.cluster.local", host)
    folder = folder_of({**PLAIN, "vs.yaml": text})
    assert (weights.find(folder, canary_in(folder)) is not None) is is_ours


def test_a_secret_is_known_by_its_name_alone():
    uses = DEPLOYMENT + "          envFrom:\n            - secretRef: {name: settings}\n"
    config = "kind: ConfigMap\nmetadata: {name: settings}\ndata: {color: COLOR}\n"
    secret = config.replace("ConfigMap", "Secret")
    found = set()
    for color in ("red", "blue"):
        files = {"deployment.yaml": uses, "config.yaml": config, "secret.yaml": secret}
        folder = folder_of({**PLAIN, **{name: text.replace("COLOR", color) for name, text in files.items()}})
        found.add(release.revision(folder, canary_in(folder)))
    assert len(found) == 1

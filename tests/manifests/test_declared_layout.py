"""Declared layouts: what cannot be moved exactly is refused before anything is written, with file, line and reason."""

import pytest

from gitcanary.controller.containment import is_inside
from gitcanary.errors import InvalidSpec
from gitcanary.manifests import declared, layout, release, weights
from gitcanary.manifests.canaries import read_canaries
from gitcanary.manifests.schema.declaration import Role
from support.layouts import APP, HELM, KUSTOMIZE, declaring, helm, kustomize
from support.planning import canary_in, folder_of
from support.podinfo import SCALED


def inside(files):
    return {path.removeprefix(f"{APP}/"): text for path, text in files.items()}


def problems(files):
    folder = folder_of(files)
    try:
        canary = canary_in(folder)
    except InvalidSpec as refusal:
        return [str(problem) for problem in refusal.problems]
    return [str(problem) for problem in layout.problems(folder, canary)]


def helm_with(**edits):
    """Return the Helm pair with one text of a file replaced by another; `__` in a file's name is a dot."""
    files = inside(helm())
    for key, (old, new) in edits.items():
        name = {"canary_values": "values-canary.yaml", "primary_values": "values-primary.yaml"}.get(key, key)
        name = {"spec": "canary.yaml", "routing": "routing/values.yaml"}.get(name, name)
        assert old in files[name], old
        files[name] = files[name].replace(old, new, 1)
    return files


@pytest.mark.parametrize("files", [helm(), kustomize()], ids=["helm", "kustomize"])
def test_a_declared_layout_is_taken(files):
    assert problems(inside(files)) == []


@pytest.mark.parametrize(
    ("edits", "where", "why"),
    [
        ({"canary_values": ("tag:   '6.0.0'", "tag:   1.10")}, "values-canary.yaml:5", "is 1.1; what is moved is text"),
        ({"canary_values": ("tag:   '6.0.0'", "tag:   true")}, "values-canary.yaml:5", "is true"),
        ({"canary_values": ("tag:   '6.0.0'", "tag:   ~")}, "values-canary.yaml:5", "is nothing"),
        ({"canary_values": ("tag:   '6.0.0'", "tag:   '{{ x }}'")}, "values-canary.yaml:5", "a template engine"),
        ({"canary_values": ("tag:   '6.0.0'", 'tag:   "a\\nb"')}, "values-primary.yaml:5", "cannot stand in one line"),
        ({"canary_values": ("tag:   '6.0.0'", "tag:   7")}, "values-primary.yaml:5", "in quotes it is text"),
        ({"canary_values": ("tag:   ", "tags:   ")}, "values-canary.yaml:3", "no key 'tag' here"),
        ({"primary_values": ("tag:   '6.0.0'", "tag:   &t '6.0.0'")}, "values-primary.yaml:5", "the anchor &t"),
        ({"primary_values": ("tag:   '6.0.0'", "tag: {a: b}")}, "values-primary.yaml:5", "more than one value"),
        ({"primary_values": ("image:", "image: [\n")}, "values-primary.yaml:", "not YAML"),
        ({"routing": ("canary: 0", "canary: '0'")}, "routing/values.yaml:1", "in quotes it is text"),
        ({"routing": ("100", "&w 100")}, "routing/values.yaml:1", "the anchor &w"),
        ({"spec": ("values-primary.yaml#", "values-gone.yaml#")}, "canary.yaml:", "no such file"),
        (
            {"spec": ("values-primary.yaml#", "values-canary.yaml#")},
            "canary.yaml:",
            "a place of its own for each value",
        ),
        ({"spec": ("values-primary.yaml#image.tag", "canary.yaml#kind")}, "canary.yaml:", "nor a Canary stands in"),
        ({"spec": ("values-primary.yaml#image.tag", "podinfo.rollout#canary")}, "canary.yaml:", "no such file"),
        ({"spec": ("port: 9898", "port: 9898\n    hosts: [a.example.com]")}, "canary.yaml:", "routing is your own"),
        (
            {"spec": ("port: 9898", "port: 9898\n    primary: {labels: {a: b}}")},
            "canary.yaml:",
            "Services are your own",
        ),
    ],
)
def test_what_cannot_be_moved_is_refused_with_file_line_and_reason(edits, where, why):
    found = problems(helm_with(**edits))
    assert any(f"{APP}/{where}" in problem and why in problem for problem in found), found


@pytest.mark.parametrize(
    ("name", "why"),
    [("namePrefix: x-\n", "namePrefix"), ("images: []\n", "images"), ("patches: []\n", "patches")],
)
def test_a_transformer_beside_routing_that_is_made_is_refused(name, why):
    files = {**inside(kustomize()), "kustomization.yaml": f"resources: [app, canary]\n{name}"}
    assert any(f"{APP}/kustomization.yaml:2" in problem and why in problem for problem in problems(files))
    assert problems({**files, "kustomization.yaml": "resources: [app, canary]\n"}) == []


def test_two_canaries_may_not_move_one_value():
    files = inside(helm())
    other = files["canary.yaml"].replace("name: podinfo\n", "name: other\n")
    other = other.replace("    name: podinfo\n", "    name: another\n")
    folder = folder_of({**files, "other.yaml": other})
    refused = [str(each) for each in read_canaries(folder) if isinstance(each, InvalidSpec)]
    assert len(refused) == 2
    assert all("the same in another Canary" in each and "gitcanary.dev/gitops" in each for each in refused)


@pytest.mark.parametrize("services", ["{primary: podinfo, canary: podinfo.test}", "{primary: a, canary: a}"])
def test_one_service_for_both_sides_is_refused(services):
    [problem] = problems({**inside(kustomize()), "canary.yaml": declaring(f"{KUSTOMIZE}services: {services}\n")})
    assert "gitops.services" in problem
    assert "for both; allowed: one for each side" in problem


def test_one_workload_for_both_sides_is_refused():
    named = KUSTOMIZE + "workloads: {primary: podinfo, canary: podinfo}\n"
    [problem] = problems({**inside(kustomize()), "canary.yaml": declaring(named)})
    assert "gitops.workloads: found podinfo for both; allowed: one for each side" in problem


OTHER = SCALED["canary.yaml"].replace("name: podinfo", "name: other")
ANOTHERS = {
    "other.yaml": OTHER,
    "other.rollout": "weight: 3\n",
    "other.primary.yaml": "# Owned by gitcanary for canary test/other.\nspec: {replicas: 2}\n",
}


@pytest.mark.parametrize(
    "location", ["other.yaml#spec.analysis.threshold", "other.rollout#weight", "other.primary.yaml#spec.replicas"]
)
def test_files_of_another_canary_are_not_for_values(location):
    declared_one = declaring(KUSTOMIZE.replace("canary/kustomization.yaml#replicas[name=podinfo].count", location))
    folder = folder_of({**inside(kustomize()), **ANOTHERS, "canary.yaml": declared_one})
    canary = next(each for each in read_canaries(folder) if not isinstance(each, Exception) and each.name == "podinfo")
    refused = [str(each) for each in layout.problems(folder, canary)]
    assert any(location in each and "nor a Canary stands in" in each for each in refused), refused


@pytest.mark.parametrize("location", ["canary.yaml#spec.analysis.threshold", "podinfo.primary.yaml#spec.replicas"])
def test_beside_a_plain_release_the_primary_and_the_canary_are_no_place_for_replicas(location):
    located = f"metadata:\n  annotations: {{gitcanary.dev/gitops: 'replicas: {location}'}}\n"
    canary = SCALED["canary.yaml"].replace("metadata:\n", located, 1)
    primary = "# Owned by gitcanary for canary test/podinfo.\nspec: {replicas: 2}\n"
    refused = problems({**SCALED, "canary.yaml": canary, "podinfo.primary.yaml": primary})
    assert any(location in each and "nor a Canary stands in" in each for each in refused), refused


def test_two_canaries_may_not_move_one_value_by_another_name_for_it():
    files = inside(kustomize())
    other = KUSTOMIZE.replace("[name=podinfo]", "[0]").replace("[name=ghcr.io/stefanprodan/podinfo]", "[0]")
    other = declaring(other.replace("canary/kustomization.yaml#images[0]", "canary/kustomization.yaml#images[1]"))
    other = other.replace("name: podinfo\n", "name: other\n")
    refused = [str(each) for each in read_canaries(folder_of({**files, "other.yaml": other}))]
    assert all("the same in another Canary" in each and "gitcanary.dev/gitops" in each for each in refused), refused


def test_two_values_may_come_from_one_source():
    more = "- canary: canary/kustomization.yaml#images[name=other/image].newTag\n"
    more += "  primary: app/kustomization.yaml#other\n  source: release.yaml#tag\n"
    files = inside(kustomize(KUSTOMIZE.replace("replicas:", f"{more}replicas:")))
    files["app/kustomization.yaml"] += "other: v1\n"
    assert problems(files) == []


def test_the_revision_is_that_of_the_values_and_of_nothing_else():
    folder = folder_of(inside(helm()))
    canary = canary_in(folder)
    before = release.wanted(folder, canary)
    assert before == release.placed(folder, canary).primary
    text = folder.files["values-canary.yaml"].data
    assert release.wanted(folder.holding("values-canary.yaml", text + b"# more\r\nother: 1\r\n"), canary) == before
    other = folder.holding("values-canary.yaml", text.replace(b"'6.0.0'", b"6.0.1"))
    assert release.wanted(other, canary) != before
    assert declared.values(other, canary.declared, Role.CANARY) == ("6.0.1",)


@pytest.mark.parametrize(
    ("primary", "share", "weight"), [(100, 0, 0), (80, 20, 20), (1, 1, 50), (0, 0, 0), (0, 7, 100)]
)
def test_declared_weights_are_read_in_proportion(primary, share, weight):
    folder = folder_of(helm_with(routing=("primary:   100, canary: 0", f"primary: {primary}, canary: {share}")))
    assert weights.canary_weight(folder, canary_in(folder)) == weight


def test_where_values_and_routes_carry_the_weights_both_are_moved():
    both = HELM + "services: {primary: front, canary: front-canary.test}\n"
    folder = folder_of({**inside(helm()), "canary.yaml": declaring(both)})
    canary = canary_in(folder)
    assert layout.problems(folder, canary) == ()
    assert weights.canary_weight(folder, canary) is None


def test_a_number_of_replicas_may_be_declared_beside_a_plain_release():
    located = "metadata:\n  annotations: {gitcanary.dev/gitops: 'replicas: deployment.yaml#spec.replicas'}\n"
    text = SCALED["canary.yaml"].replace("metadata:\n", located, 1)
    folder = folder_of({**SCALED, "canary.yaml": text})
    canary = canary_in(folder)
    assert layout.problems(folder, canary) == ()
    assert release.is_scalable(folder, canary)
    assert not release.is_scalable(folder_of(SCALED), canary_in(folder_of(SCALED)))


@pytest.mark.parametrize(
    ("path", "is_in"),
    [
        ("apps/podinfo/canary/kustomization.yaml", True),
        ("apps/podinfo/canary/other.yaml", False),
        ("apps/podinfo/x.yaml", True),
        ("apps/podinfo/app/../canary/kustomization.yaml", False),
        ("canary/kustomization.yaml", False),
        ("apps/other/canary/kustomization.yaml", False),
    ],
)
def test_below_the_folder_only_declared_files_are_in_the_room(path, is_in):
    assert is_inside(path, "apps/podinfo", frozenset({"canary/kustomization.yaml"})) is is_in


def test_the_layouts_of_the_tests_declare_what_they_say():
    assert "source:" in KUSTOMIZE
    assert "source:" not in HELM

"""Locations: what a spec may name, and that it names exactly one value."""

import pytest

from gitcanary.errors import InvalidLocation
from gitcanary.manifests.text.documents import parse
from gitcanary.manifests.text.locations import Index, Key, Match, Step, parse_location, resolve, resolve_scalar
from gitcanary.manifests.text.paths import checked_path
from gitcanary.manifests.text.values import Place


@pytest.mark.parametrize(
    ("text", "file", "steps"),
    [
        ("release.yaml#tag", "release.yaml", (Key("tag"),)),
        ("a/b.yaml#spec.template", "a/b.yaml", (Key("spec"), Key("template"))),
        (
            "canary/kustomization.yaml#images[name=ghcr.io/acme/podinfo].newTag",
            "canary/kustomization.yaml",
            (Key("images"), Match("name", "ghcr.io/acme/podinfo"), Key("newTag")),
        ),
        ("f#a[2][0].b", "f", (Key("a"), Index(2), Index(0), Key("b"))),
        ("f#[0].a", "f", (Index(0), Key("a"))),
        ('f#metadata."a.b/c".d', "f", (Key("metadata"), Key("a.b/c"), Key("d"))),
        ("f#'a b'[\"x.y\"='p]q'].z", "f", (Key("a b"), Match("x.y", "p]q"), Key("z"))),
        ("f#data.app-1_x/y", "f", (Key("data"), Key("app-1_x/y"))),
        ("f#a[name=a=b#c d]", "f", (Key("a"), Match("name", "a=b#c d"))),
        ("f#a[name='']", "f", (Key("a"), Match("name", ""))),
    ],
)
def test_a_location_is_a_file_and_steps_into_it(text: str, file: str, steps: tuple[Step, ...]) -> None:
    location = parse_location(text)
    assert (location.file, location.steps, str(location)) == (file, steps, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "file.yaml",
        "file.yaml#",
        "#spec.template",
        "f#.a",
        "f#a.",
        "f#a..b",
        "f#a.[0]",
        "f#a[0]b",
        "f#a[",
        "f#a[]",
        "f#a[-1]",
        "f#a[=x]",
        "f#a[name=]",
        "f#a[name]",
        "f#a b",
        "f#a#b",
        'f#"a',
        'f#""',
        "f#a\nb",
        "f#a[name=x\ty]",
        "../f#a",
        "/etc/passwd#a",
        ".git/config#a",
    ],
)
def test_what_is_no_location_is_refused(text: str) -> None:
    with pytest.raises(InvalidLocation):
        parse_location(text)


@pytest.mark.parametrize("path", ["a", "a/b.yaml", ".github/x", "a/.gitignore", "git/x", "ä/ö.yaml", "a b/c", ".../x"])
def test_plain_relative_paths_are_taken(path: str) -> None:
    assert checked_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "./a",
        "a\\b",
        "C:\\a",
        "a\0b",
        "a\nb",
        "a\x7fb",
        "a\u202eb",
        ".git",
        ".git/hooks/pre-commit",
        "a/.GIT/config",
        ".Git./x",
        ".git . /x",
        ".git::$INDEX_ALLOCATION/x",
        "GIT~1/config",
        ".g\u200cit/config",
        "a" * 5000,
    ],
)
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(InvalidLocation):
        checked_path(path)


DOCUMENTS = parse(
    b"""\
kind: Deployment
metadata: {name: podinfo, annotations: {a.b/c: x}}
spec:
  containers:
  - {name: app, image: one}
  - {name: proxy, image: two}
  - name: twice
  - name: twice
  - just text
  ports: [{port: 80, name: http}, {port: 443, tls: true}]
---
---
kind: Service
metadata: {name: podinfo}
spec: {selector: {app: podinfo}}
"""
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("f#spec.containers[name=proxy].image", Place(0, ("spec", "containers", 1, "image"))),
        ("f#spec.containers[4]", Place(0, ("spec", "containers", 4))),
        ("f#spec.ports[port=80].name", Place(0, ("spec", "ports", 0, "name"))),
        ("f#spec.ports[tls=true].port", Place(0, ("spec", "ports", 1, "port"))),
        ('f#metadata.annotations."a.b/c"', Place(0, ("metadata", "annotations", "a.b/c"))),
        ("f#spec.selector.app", Place(2, ("spec", "selector", "app"))),
    ],
)
def test_a_location_resolves_to_one_place(text: str, place: Place) -> None:
    location = parse_location(text)
    assert resolve(location, DOCUMENTS) == place
    assert resolve_scalar(location, DOCUMENTS) == place


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("f#kind", "several documents, on lines 1 and 13"),
        ("f#metadata.name", "several documents"),
        ("f#nothing", "in no document"),
        ("f#spec.selector", "more than one value"),
        ("f#spec.containers", "more than one value"),
    ],
)
def test_a_location_that_is_not_one_scalar_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidLocation, match=reason):
        resolve_scalar(parse_location(text), DOCUMENTS)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("f#spec.containers[name=gone].image", 4, "no items with name = 'gone' here"),
        ("f#spec.containers[name=twice].image", 4, "2 items with name = 'twice' here"),
        ("f#spec.containers[9]", 4, "no item 9 here"),
        ("f#spec.containers.name", 4, "no key 'name' here"),
        ("f#spec[name=x]", 3, "no list here"),
        ("f#spec[0]", 3, "no item 0 here"),
        ("f#spec.template.spec", 3, "no key 'template' here"),
    ],
)
def test_a_step_that_leads_nowhere_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(InvalidLocation) as refused:
        resolve(parse_location(text), DOCUMENTS, document=0)
    assert str(refused.value) == f"f:{line}: {text}: {reason}"


def test_a_document_can_be_chosen() -> None:
    assert resolve(parse_location("f#kind"), DOCUMENTS, document=2) == Place(2, ("kind",))


def test_resolve_takes_a_subtree_where_resolve_scalar_does_not() -> None:
    assert resolve(parse_location("f#spec.selector"), DOCUMENTS) == Place(2, ("spec", "selector"))

"""Subtrees written anew in files that gitcanary owns: all other lines remain."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gitcanary.errors import InvalidFile, Unspliceable
from gitcanary.manifests.text.documents import parse
from gitcanary.manifests.text.graft import ABSENT, Absent, graft
from gitcanary.manifests.text.values import Path, Place, Value, has, removed, replaced
from gitcanary.manifests.text.writer import dump, dump_all
from support.fuzz import generated

OWNED = """\
# Written by gitcanary.
kind: Deployment
metadata:
  name: podinfo-primary  # name
  labels: {a: b}
  annotations: {}
spec:
  replicas: 2   # in the incident
  template:     # the canary's
    metadata:
      labels:
        app: podinfo  # gone with its line
  # about the strategy
  strategy:
    type: Recreate

---
kind: ConfigMap
data:
  run.sh: |
    set -e

    echo 1

  z: 1
"""


def grafted(path: Path, value: object, document: int = 0, text: str = OWNED) -> str:
    return graft(text.encode(), Place(document, path), value).decode()  # type: ignore[arg-type]  # tables hold any value


TEMPLATE = """\
    metadata:
      labels:
        app: podinfo  # gone with its line
"""


@pytest.mark.parametrize(
    ("document", "path", "value", "old", "new"),
    [
        (0, ("spec", "replicas"), 3, "replicas: 2   #", "replicas: 3   #"),
        (0, ("spec", "replicas"), ABSENT, "  replicas: 2   # in the incident\n", ""),
        (0, ("spec", "template"), {"a": ["x", {"b": "yes"}]}, TEMPLATE, '    a:\n    - x\n    - b: "yes"\n'),
        (0, ("spec", "template"), {}, ":     # the canary's\n" + TEMPLATE, ": {}     # the canary's\n"),
        (0, ("spec", "template"), [1], TEMPLATE, "  - 1\n"),
        (0, ("spec", "template"), ABSENT, "  template:     # the canary's\n" + TEMPLATE, ""),
        (0, ("spec", "strategy"), ABSENT, "  strategy:\n    type: Recreate\n", ""),
        (0, ("spec", "strategy", "type"), ABSENT, "  strategy:\n    type: Recreate\n", "  strategy: {}\n"),
        (0, ("spec", "strategy", "x", "w"), 1, "type: Recreate\n", "type: Recreate\n    x:\n      w: 1\n"),
        (0, ("metadata", "annotations", "a.b/c"), "on", "annotations: {}\n", 'annotations:\n    a.b/c: "on"\n'),
        (0, ("metadata", "labels", "c"), "d", "labels: {a: b}\n", "labels:\n    a: b\n    c: d\n"),
        (0, ("metadata", "labels"), ABSENT, "  labels: {a: b}\n", ""),
        (0, ("metadata", "name"), "a\nb\n", "podinfo-primary  # name\n", "|  # name\n    a\n    b\n"),
        (1, ("data", "run.sh"), "a\n\nb\n", "    set -e\n\n    echo 1\n", "    a\n\n    b\n"),
        (1, ("data", "run.sh"), "one line", "|\n    set -e\n\n    echo 1\n", "one line\n"),
        (1, ("data", "run.sh"), ABSENT, "  run.sh: |\n    set -e\n\n    echo 1\n", ""),
        (1, ("data",), {}, "data:\n  run.sh: |\n    set -e\n\n    echo 1\n\n  z: 1\n", "data: {}\n"),
        (1, ("data", "z"), None, "z: 1\n", "z: null\n"),
        (1, ("more",), [], "  z: 1\n", "  z: 1\nmore: []\n"),
        (2, (), {"kind": "Service"}, "  z: 1\n", "  z: 1\n---\nkind: Service\n"),
        (1, (), ABSENT, OWNED[OWNED.index("---") :], ""),
        (0, (), ABSENT, OWNED[: OWNED.index("---")], ""),
        (1, (), {"kind": "Service"}, OWNED[OWNED.index("kind: ConfigMap") :], "kind: Service\n"),
    ],
)
def test_only_the_lines_of_the_subtree_change(document: int, path: Path, value: object, old: str, new: str) -> None:
    assert OWNED.count(old) == 1
    assert grafted(path, value, document) == OWNED.replace(old, new)
    crlf = OWNED.replace("\n", "\r\n")
    assert grafted(path, value, document, "\ufeff" + crlf) == "\ufeff" + OWNED.replace(old, new).replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("before", "path", "value", "after"),
    [
        ("", (), {"a": 1}, "a: 1\n"),
        ("# head\n", (), {"a": 1}, "# head\na: 1\n"),
        ("a: 1", (), ABSENT, ""),
        ("a: 1", ("b",), 2, "a: 1\nb: 2"),
        ("a: 1", ("a",), [2], "a:\n- 2"),
        ("a: 1\n", ("a",), ABSENT, "{}\n"),
        ("a:\n", ("a",), {"b": 1}, "a:\n  b: 1\n"),
        ("a: # c\nb: 1\n", ("a",), {"b": 1}, "a: # c\n  b: 1\nb: 1\n"),
        ("a: # c\n", ("a",), 1, "a: 1 # c\n"),
        ("--- # head\na: 1\n", ("a",), 2, "--- # head\na: 2\n"),
        ("- a: 1\n  b: 2\n- c\n", (0, "b"), 3, "- a: 1\n  b: 3\n- c\n"),
        ("- a: 1 # c\n  b: 2\n- c # c\n", (0, "a"), {"x": 1}, "- a: # c\n    x: 1\n  b: 2\n- c # c\n"),
        ("- a: 1\n  b: 2\n- c\n", (0, "a"), ABSENT, "- b: 2\n- c\n"),
        ("x: 1 # c\nl:\n- a # c\n- b\n", ("l", 1), "d", "x: 1 # c\nl:\n- a\n- d\n"),
        ("x: 1 # c\nl:\n- a\n- b\n", ("l", 0), ABSENT, "x: 1 # c\nl:\n- b\n"),
        ("x: {a: {b: 1}} # c\ny: 1 # c\n", ("x", "a", "b"), 2, "x: # c\n  a:\n    b: 2\ny: 1 # c\n"),
        ("x: &x\n  a: 1\ny: 1\n", ("x",), {"b": 1}, "x:\n  b: 1\ny: 1\n"),
        ("'x y': 1\n", ("x y",), {"b": 1}, "'x y':\n  b: 1\n"),
        ("? x\n: 1\n", ("x",), {"b": 1}, "? x\n:\n    b: 1\n"),
        ("a: 1\n", ("b",), ABSENT, "a: 1\n"),
        ("a:   1\n", ("a",), 1, "a:   1\n"),
    ],
)
def test_files_of_every_shape_are_grafted(before: str, path: Path, value: object, after: str) -> None:
    assert grafted(path, value, text=before) == after
    if path and value is not ABSENT:
        assert grafted(path, value, text=after) == after


@pytest.mark.parametrize(
    ("text", "path", "value", "reason"),
    [
        ("a: &x {k: 1}\nb: *x\n", ("a", "k"), 2, "would not be read: nothing before it is called &x"),
        ("a: &x {k: 1}\nb: *x\n", ("a",), 2, "would not be read: nothing before it is called &x"),
        ("a: 1\n", ("a", "b"), 2, "a.b has no mapping to stand in"),
        ("a: [1]\n", ("a", 1), 2, "has no mapping to stand in"),
        ("a: |\n  x\n  # text\nb: 1\n# text\n", ("c", "d"), 2, ""),
    ],
)
def test_a_graft_that_would_change_other_values_is_refused(text: str, path: Path, value: object, reason: str) -> None:
    if not reason:
        assert grafted(path, value, text=text) == text.replace("b: 1\n", "b: 1\nc:\n  d: 2\n")
        return
    with pytest.raises(Unspliceable) as refused:
        graft(text.encode(), Place(0, path), value, file="owned.yaml")  # type: ignore[arg-type]  # as above
    assert reason in refused.value.reason
    assert refused.value.file == "owned.yaml"


def test_a_document_that_is_not_there_is_refused() -> None:
    with pytest.raises(Unspliceable, match="no document 4"):
        grafted((), {"a": 1}, document=3)


def test_a_file_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(InvalidFile):
        grafted(("a",), 1, text="a: [")


words = st.one_of(
    st.text("ab1.0e:#-'\"{}[] \n~y", max_size=6), st.sampled_from(["x", "yes", "a\nb\n", "a.b/c", " x\ny", "0"])
)
keys = st.one_of(st.sampled_from(["a", "b", "c", "a.b/c", "on", "1"]), st.text("ab :#'", max_size=4))
scalars = st.one_of(words, st.integers(0, 99), st.booleans(), st.none())
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=10,
)
EOLS = ("\n", "\r\n")
roots = st.dictionaries(keys, trees, max_size=4)


def paths(value: Value, path: Path = ()) -> list[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    here = [path, (*path, "new")] if isinstance(value, dict) else [path]
    return [*here, *(found for step, held in inner for found in paths(held, (*path, step)))]


def commented(text: str) -> str:
    """Put comments where they change no value: above the documents, and at the end of lines that open a block."""
    return "# head\n" + re.sub(r"(?m)^([ -]*[a-z]+:)$", r"\1  # c", text)


@generated
@given(st.lists(roots, min_size=1, max_size=3), st.one_of(trees, st.just(ABSENT)), st.sampled_from(EOLS), st.data())
def test_a_graft_gives_what_the_model_gives_and_keeps_lines_before_and_after(
    documents: list[Value],
    value: Value | Absent,
    eol: str,
    data: st.DataObject,
) -> None:
    text = commented(dump_all(documents))
    assume([document.value for document in parse(text.encode())] == documents)  # no comment fell into a text
    text = text.replace("\n", eol)
    index = data.draw(st.integers(0, len(documents) - 1))
    path = data.draw(st.sampled_from([path for path in paths(documents[index]) if path]))

    after = grafted(path, value, index, text)

    expected = list(documents)
    if not isinstance(value, Absent):
        expected[index] = replaced(documents[index], path, value)
    elif has(documents[index], path):
        expected[index] = removed(documents[index], path)
    assert [document.value for document in parse(after.encode())] == expected
    assert grafted(path, value, index, after) == after or (value is ABSENT and isinstance(path[-1], int))
    assert after.startswith("# head")
    if index:
        assert after.startswith(text[: text.index("---")])


@generated
@given(st.dictionaries(st.sampled_from("abcdef"), trees, min_size=3, max_size=6), trees, st.data())
def test_the_entries_beside_a_replaced_one_keep_every_byte(
    tree: dict[str, Value], value: Value, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(tree)))
    blocks = [f"# {key}: above\n" + dump({name: held}).replace(":", ":  ", 1) for name, held in tree.items()]
    text = "".join(blocks)
    position = list(tree).index(key)
    after = grafted((key,), value, text=text)
    assert after.startswith("".join(blocks[:position]))
    assert after.endswith("".join(blocks[position + 1 :]))

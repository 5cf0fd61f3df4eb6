"""Exact edits of whatever YAML allows: what is accepted is exact to every reader, anything else says where and why.

The files are generated with the place of each scalar, so nothing here is told by the code that makes the edits.
"""

import io

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gitcanary.errors import InvalidFile, RefusedText
from gitcanary.manifests.text.documents import parse
from gitcanary.manifests.text.splice import Edit, splice
from gitcanary.manifests.text.values import Place, Value, replaced, value_at
from support.fuzz import ODD_WORDS, Leaf, files, generated

texts = st.one_of(st.sampled_from(ODD_WORDS), st.text(max_size=6), st.text("0123456789_.:eExXob+-~yYnN", max_size=6))
new_values = st.one_of(st.integers(0, 100), texts)


def values(text: str) -> list[Value]:
    return [document.value for document in parse(text.encode())]


def old_reader(written: str) -> object:
    """Return what YAML 1.1 makes of a scalar: PyYAML's own rules, with its dates and base 60."""
    return yaml.load(written, yaml.CSafeLoader)


def new_reader(written: str) -> object:
    """Return what YAML 1.2 makes of a scalar."""
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    return reader.load(io.StringIO(written))


@generated
@given(files(), new_values, st.data())
def test_an_edit_is_exact_or_refused_with_its_place_and_reason(
    made: tuple[str, str, list[Leaf]], value: str | int, data: st.DataObject
) -> None:
    bom, text, leaves = made
    assume(leaves)
    try:
        before = values(text)
    except InvalidFile:
        assume(False)
    leaf = data.draw(st.sampled_from(leaves))
    edit = Edit(Place(leaf.document, leaf.path), value)
    try:
        after = splice((bom + text).encode(), [edit], file="a.yaml").decode()
    except RefusedText as refused:
        check(refused, text)
        assert not must_be_accepted(leaf, before, value)
        return
    head, tail = bom + text[: leaf.start], text[leaf.end :]
    assert after.startswith(head)
    assert after.endswith(tail)
    expected = list(before)
    expected[leaf.document] = replaced(before[leaf.document], leaf.path, value)
    assert values(after.removeprefix(bom)) == expected
    assert splice(after.encode(), [edit]) == after.encode()
    if after != bom + text:
        assert leaf.is_editable or leaf.kind == "odd" or (leaf.kind == "shared" and leaf.merged not in plain_ends(text))
        written = after[len(head) : len(after) - len(tail)]
        assert [old_reader(written), new_reader(written)] == [value, value]
        assert type(old_reader(written)) is type(value)


def check(refusal: RefusedText, text: str) -> None:
    """Look whether a refusal says where and why."""
    assert str(refusal).startswith(f"a.yaml:{refusal.line}: ")
    assert 1 <= refusal.line <= text.count("\n") + 1
    assert refusal.reason


def plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n") + "\n"


def must_be_accepted(leaf: Leaf, before: list[Value], value: str | int) -> bool:
    """Tell whether nothing speaks against an edit."""
    held = value_at(before[leaf.document], leaf.path)
    if not leaf.is_editable or type(held) not in {str, int, float}:
        return False
    return value.isprintable() if isinstance(value, str) else type(held) is int and leaf.kind in {"plain", "alias"}


@generated
@given(texts, st.sampled_from(["a: {}", "a: {} # c", "- {}", "[x, {}]", "{{a: {}}}", "? a\n: {}", "a:\n  {}\n"]))
def test_a_text_is_the_same_text_to_readers_of_every_version(text: str, frame: str) -> None:
    place = {"-": (0,), "[": (1,)}.get(frame[0], ("a",))
    before = frame.format("v1")
    try:
        after = splice(before.encode(), [Edit(Place(0, place), text)]).decode()
    except RefusedText:
        assert not text.isprintable()
        return
    for reader in (yaml.CSafeLoader, yaml.SafeLoader):
        assert value_at(yaml.load(after, reader), place) == text
    try:
        newer = new_reader(after)
    except YAMLError:
        pytest.fail(f"YAML 1.2 cannot read {after!r}")
    assert value_at(newer, place) == text


@generated
@given(st.binary(max_size=200), st.sampled_from([b"", b"a: ", b"a: 5\nb: ", b"\xff\xfe", b"[", b"{a: "]))
def test_whatever_bytes_there_are_the_answer_is_an_edit_or_one_refusal(noise: bytes, head: bytes) -> None:
    data = head + noise
    try:
        after = splice(data, [Edit(Place(0, ("a",)), 7)], file="a.yaml")
    except RefusedText as refused:
        said = str(refused)
    else:
        said = f"a.yaml {value_at(parse(after)[0].value, ('a',))}"
        assert said == "a.yaml 7"
    assert said.startswith("a.yaml")

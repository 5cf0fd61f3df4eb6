"""Both ways of finding the nodes of a text find the same: libyaml's composer where it is safe, its events elsewhere."""

from collections.abc import Callable

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitcanary.errors import InvalidFile
from gitcanary.manifests.text import nodes
from gitcanary.manifests.text.nodes import DEEPEST, Node, ScalarNode, compose

PARTS = ("a: 1\n", "- b\n", "  c: {d: [e, 'f']}\n", "---\n", "g: |\n  h\n", '"i": j # k\n', "? l\n", ": m\n", "[", "}")
STAIRS = "".join(f"{' ' * step}a:\n" for step in range(DEEPEST + 1))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from((*PARTS, "😀: n\n")), max_size=8))
def test_both_ways_find_the_same_nodes_or_the_same_fault(parts: list[str]) -> None:
    text = "".join(parts)
    assert found(compose, text) == found(by_events, text)


def found(read: Callable[[str], list[Node]], text: str) -> object:
    try:
        return read(text)
    except InvalidFile as refusal:
        return refusal.reason


def by_events(text: str) -> list[Node]:
    try:
        return list(nodes._Composer(text).roots())
    except yaml.YAMLError as error:
        raise nodes._refusal(error, text) from None


def test_an_anchor_a_tag_and_an_alias_keep_their_places() -> None:
    [anchored] = compose("a: &x 1\nb: !!str 2\nc: *x\n")
    (_, first), (_, second), (_, third) = anchored.pairs
    assert (first.anchor, second.tag) == ("x", "tag:yaml.org,2002:str")
    assert (third.start, third.target) == (22, first)
    assert isinstance(first, ScalarNode)


@pytest.mark.parametrize("text", ["[" * 200_000, "- " * (DEEPEST + 1), STAIRS])
def test_what_is_nested_too_deep_is_refused(text: str) -> None:
    with pytest.raises(InvalidFile, match=f"nested deeper than {DEEPEST}"):
        compose(text)

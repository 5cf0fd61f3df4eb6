"""The nodes of a YAML file and where each stands in the text: what an exact edit works on.

Built from libyaml's events and not by its composer, for three reasons: an alias stays an alias with its own place, the
depth is bounded before anything recurses (libyaml's composer overflows the C stack on a file of brackets), and nothing
is constructed that was not asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from gitcanary.errors import InvalidFile

DEEPEST = 100


@dataclass(slots=True)
class Spot:
    """Characters `start` to `end` of the text, anchor and tag included; `line` counts from 1."""

    start: int
    end: int
    line: int
    anchor: str | None
    tag: str | None


@dataclass(slots=True)
class ScalarNode(Spot):
    """A scalar; a plain one has neither quotes nor a tag."""

    text: str
    is_plain: bool


@dataclass(slots=True)
class MappingNode(Spot):
    """A mapping, its pairs in the order of the file."""

    pairs: "list[tuple[Node, Node]]"
    is_flow: bool


@dataclass(slots=True)
class SequenceNode(Spot):
    """A list."""

    items: "list[Node]"
    is_flow: bool


@dataclass(slots=True)
class AliasNode(Spot):
    """An alias `*name`, at its own place; `target` stands where the anchor is."""

    target: "ScalarNode | MappingNode | SequenceNode"


Node: TypeAlias = ScalarNode | MappingNode | SequenceNode | AliasNode


def compose(text: str) -> list[Node]:
    """Return the root node of each document; raises InvalidFile where `text` is not YAML."""
    try:
        return list(_Composer(text).roots())
    except yaml.YAMLError as error:
        raise _refusal(error, text) from None


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes right below `node`, in the order of the file, keys too; an alias has none."""
    match node:
        case MappingNode():
            for pair in node.pairs:
                yield from pair
        case SequenceNode():
            yield from node.items
        case _:
            return


def followed(node: Node) -> ScalarNode | MappingNode | SequenceNode:
    """Return the node itself, or what the alias stands for."""
    return node.target if isinstance(node, AliasNode) else node


def has_key(node: Node, name: str) -> bool:
    """Tell whether a key node reads `name`."""
    key = followed(node)
    return isinstance(key, ScalarNode) and key.text == name


class _Composer:
    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._anchors: dict[str, ScalarNode | MappingNode | SequenceNode] = {}

    def roots(self) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
                yield self._node(next(self._events), 1)

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            is_plain = event.implicit[0] and event.tag is None  # libyaml calls `! "x"` plain
            node: ScalarNode | MappingNode | SequenceNode = ScalarNode(*_spot(event, event), event.value, is_plain)
        elif isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        else:
            node = self._collection(event, depth)
        if node.anchor:
            self._anchors[node.anchor] = node
        return node

    def _alias(self, event: Any) -> AliasNode:
        target = self._anchors.get(event.anchor)
        if target is None:
            raise InvalidFile(f"nothing before it is called &{event.anchor}", line=event.start_mark.line + 1)
        return AliasNode(event.start_mark.index, event.end_mark.index, event.start_mark.line + 1, None, None, target)

    def _collection(self, event: Any, depth: int) -> MappingNode | SequenceNode:
        if depth > DEEPEST:
            raise InvalidFile(f"nested deeper than {DEEPEST}", line=event.start_mark.line + 1)
        items, last = self._items(depth + 1)
        spot = _spot(event, last)
        if isinstance(event, yaml.SequenceStartEvent):
            return SequenceNode(*spot, items, bool(event.flow_style))
        return MappingNode(*spot, list(zip(items[::2], items[1::2], strict=True)), bool(event.flow_style))

    def _items(self, depth: int) -> tuple[list[Node], Any]:
        items: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.CollectionEndEvent):
                return items, event
            items.append(self._node(event, depth))
        raise AssertionError("libyaml ends every collection that it starts")


def _spot(first: Any, last: Any) -> tuple[int, int, int, str | None, str | None]:
    start = first.start_mark
    return start.index, last.end_mark.index, start.line + 1, first.anchor, first.tag


def _refusal(error: yaml.YAMLError, text: str) -> InvalidFile:
    hint = "; it looks like a template, and gitcanary reads plain YAML alone" if "{{" in text else ""
    if isinstance(error, yaml.reader.ReaderError):
        return InvalidFile("not YAML: a control character", line=text.encode().count(b"\n", 0, error.position) + 1)
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return InvalidFile(f"not YAML: {error}{hint}")
    mark = error.problem_mark
    tab = "a tab where only spaces may stand" if text[mark.index : mark.index + 1] == "\t" else None
    said = tab or ", ".join(part for part in (error.context, error.problem) if part)
    lines = len(text.splitlines()) or 1  # at the end of a file libyaml may stand behind the last one
    return InvalidFile(f"not YAML: {said}{hint}", line=min(mark.line + 1, lines))

"""The nodes of a YAML file and where each stands in the text: what an exact edit works on.

Built from libyaml's events wherever it matters that an alias stays an alias with its own place, that a tag is seen, and
that the depth is bounded before anything recurses (libyaml's composer overflows the C stack on a file of brackets). A
file that by its characters can hold none of these, as nearly all are, is composed by libyaml, in half the time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml
from yaml._yaml import CParser

from gitcanary.errors import InvalidFile

DEEPEST = 100
_UNCOMMON = re.compile(r"[&*!]")  # without them there is no anchor, alias or tag
_MOST_OPENED, _WIDEST = 256, 1024  # brackets and columns: nothing can be nested deeper than twice their sum


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
        return [_converted(root, 1) for root in composed_by_library(text)]
    except (yaml.YAMLError, InvalidFile):
        pass  # the other one says what is wrong, or knows what this one does not
    try:
        return list(_Composer(text).roots())
    except yaml.YAMLError as error:
        raise _refusal(error, text) from None


def composed_by_library(text: str) -> Iterator[Any]:
    """Yield libyaml's own root node of each document, where neither anchors nor tags nor depth can trouble it.

    The tag of its scalars is only whether they are plain. Raises InvalidFile where that may be, YAMLError.
    """
    if _UNCOMMON.search(text) is not None or not _is_shallow(text):
        raise InvalidFile("anchors, aliases, tags or too many brackets")
    return _composed(text)


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


def _is_shallow(text: str) -> bool:
    return text.count("[") + text.count("{") < _MOST_OPENED and max(map(len, text.split("\n"))) < _WIDEST


class _Untagged(CParser):
    """libyaml's composer; a node's tag is only whether its scalar is plain."""

    def resolve(self, kind: type, value: object, implicit: object) -> bool:  # noqa: ARG002 - as the library calls it
        return isinstance(implicit, tuple) and bool(implicit[0])

    def descend_resolver(self, parent: object, index: object) -> None:
        """Take no note of where the composer is."""

    def ascend_resolver(self) -> None:
        """Take no note of it."""


def _composed(text: str) -> Iterator[Any]:
    parser = _Untagged(text)
    try:
        while parser.check_node():
            yield parser.get_node()
    finally:
        parser.dispose()


def _converted(node: Any, depth: int) -> Node:
    if depth > DEEPEST + 1:
        raise InvalidFile("too deep")
    start, end, value = node.start_mark, node.end_mark.index, node.value
    if isinstance(node, yaml.ScalarNode):
        return ScalarNode(start.index, end, start.line + 1, None, None, value, is_plain=bool(node.tag))
    is_flow = bool(node.flow_style)
    if isinstance(node, yaml.MappingNode):
        pairs = [(_converted(key, depth + 1), _converted(held, depth + 1)) for key, held in value]
        return MappingNode(start.index, end, start.line + 1, None, None, pairs, is_flow)
    items = [_converted(item, depth + 1) for item in value]
    return SequenceNode(start.index, end, start.line + 1, None, None, items, is_flow)


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

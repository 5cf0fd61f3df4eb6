"""YAML that people wrote, read into plain values: bounded, strict, and able to say which line a field stands on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any, cast

import yaml

from gitcanary.errors import InvalidFile
from gitcanary.manifests.text.dialect import meaning
from gitcanary.manifests.text.nodes import (
    DEEPEST,
    AliasNode,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    compose,
    composed_by_library,
    followed,
    has_key,
)
from gitcanary.manifests.text.values import Path, Scalar, Value, leaves

LARGEST = 1 << 20  # bytes of a file
_MOST_EXPANDED = LARGEST  # characters and nodes with every alias written out; without any, no file exceeds its size
_BOM = "\ufeff"
_TAGS = "tag:yaml.org,2002:"
_TEXT_TAGS = (None, "!", _TAGS + "str")
_TYPES: dict[str | None, type] = {
    _TAGS + "int": int,
    _TAGS + "float": float,
    _TAGS + "bool": bool,
    _TAGS + "null": type(None),
}
_MERGE = "<<"
_START = re.compile(r"(?m)^---(?=\s|$)")
_UNCERTAIN = ("\n%", "\n...", "\x85", "\u2028", "\u2029", "#@")  # directives, ends, line ends of YAML 1.1, ytt
_CONTENT = re.compile(r"(?m)^[ \t]*[^#\s]")


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: `value` is its content, `index` its position in the file from 0, `line` its first."""

    index: int
    line: int
    value: Value
    text: str = field(repr=False)  # the whole file's, without a byte order mark; shared by its documents


def parse(data: bytes, *, file: str = "") -> tuple[Document, ...]:
    """Read every document of a YAML or JSON file, as Kubernetes would: YAML 1.1 words, no dates, keys are strings.

    Refuses with InvalidFile (line and reason): other encodings than UTF-8, more than 1 MiB, nesting deeper than 100,
    aliases that multiply, a key twice in one mapping, tags of one's own.
    """
    try:
        return read_text(decode(data)[1])
    except InvalidFile as refusal:
        raise refusal.within(file) from None


def decode(data: bytes) -> tuple[str, str]:
    """Return the byte order mark, or "", and the text after it; raises InvalidFile."""
    if len(data) > LARGEST:
        raise InvalidFile(f"{len(data)} bytes; at most {LARGEST} are read")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidFile("not UTF-8", line=data[: error.start].count(b"\n") + 1) from None
    return (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)


def spans_of_documents(text: str) -> list[tuple[int, int]] | None:
    """Return where each document starts and ends, by the lines that begin with `---`; None where that does not tell.

    Such a line is never anything else: in a scalar it would be an error. Directives and `...` lines are left alone.
    """
    if text.startswith("%") or any(mark in text for mark in _UNCERTAIN) or text.count("\r") != text.count("\r\n"):
        return None
    starts = [match.start() for match in _START.finditer(text)]
    if _CONTENT.search(text, 0, starts[0] if starts else len(text)):
        starts.insert(0, 0)
    return list(pairwise([*starts, len(text)]))


def read_text(text: str) -> tuple[Document, ...]:
    """Read the documents of `text`; raises InvalidFile.

    What is plain, as nearly all is, becomes values at once; whatever is not is read again by way of its nodes.
    """
    try:
        roots = enumerate(composed_by_library(text))
        return tuple(Document(index, root.start_mark.line + 1, _plain(root, 1), text) for index, root in roots)
    except (yaml.YAMLError, InvalidFile):
        return read(text, compose(text))


def read(text: str, roots: Sequence[Node]) -> tuple[Document, ...]:
    """Read the documents of `text`, whose nodes are already known."""
    return tuple(Document(index, root.line, _Reading().value(root, 1), text) for index, root in enumerate(roots))


def line_of(document: Document, path: Path) -> int:
    """Return the line, from 1, of the key or item at `path`, or of its nearest parent that exists."""
    node = _roots(document.text)[document.index]
    line = node.line
    for step in path:
        below = _below(node, step)
        if below is None:
            break
        line, node = below
    return line


@lru_cache(maxsize=1)
def _roots(text: str) -> Sequence[Node]:
    """Return a file's nodes; kept for one file, which may have as many problems as it has lines."""
    return compose(text)


def find_template(value: Value) -> Path | None:
    """Return the path of the first text that still waits for a template engine (`{{` or `${`), or None."""
    return next((path for path, scalar in leaves(value) if is_template(scalar) or any(map(is_template, path))), None)


def is_template(scalar: Scalar) -> bool:
    """Tell whether a value or key still waits for a template engine (`{{` or `${`)."""
    return isinstance(scalar, str) and ("{{" in scalar or "${" in scalar)


def _plain(node: Any, depth: int) -> Value:
    """Return the value of libyaml's node; raises InvalidFile for what `_Reading` has to judge."""
    held = node.value
    if isinstance(node, yaml.ScalarNode):
        return meaning(held) if node.tag else cast("str", held)
    if depth > DEEPEST:
        raise InvalidFile("too deep")
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, depth + 1) for item in held]
    values = {key.value: _plain(value, depth + 1) for key, value in held if isinstance(key, yaml.ScalarNode)}
    if len(values) < len(held) or _MERGE in values:
        raise InvalidFile("a key twice, one that is no word, or a merge")
    return values


def _below(node: Node, step: str | int) -> tuple[int, Node] | None:
    match followed(node), step:
        case MappingNode(pairs=pairs), str():
            return next(((key.line, value) for key, value in pairs if has_key(key, step)), None)
        case SequenceNode(items=items), int() if 0 <= step < len(items):
            return items[step].line, items[step]
    return None


class _Reading:
    """Builds the values of one document, each alias anew, and stops where they grow out of proportion."""

    def __init__(self) -> None:
        self._left = _MOST_EXPANDED

    def value(self, node: Node, depth: int) -> Value:
        if isinstance(node, ScalarNode):
            self._spend(len(node.text) + 1, node)
            return _scalar(node)
        self._spend(1, node)
        if depth > DEEPEST:
            raise InvalidFile(f"aliases that nest deeper than {DEEPEST}", line=node.line)
        if isinstance(node, AliasNode):
            return self.value(node.target, depth)
        if isinstance(node, MappingNode):
            return self._mapping(node, depth + 1)
        _check_tag(node, "seq")
        return [self.value(item, depth + 1) for item in node.items]

    def _spend(self, amount: int, node: Node) -> None:
        self._left -= amount
        if self._left < 0:
            raise InvalidFile("aliases that grow beyond measure", line=node.line)

    def _mapping(self, node: MappingNode, depth: int) -> Value:
        _check_tag(node, "map")
        own: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.pairs:
            key = _key(key_node)
            if key in lines:
                raise InvalidFile(f"key {key!r} a second time (first on line {lines[key]})", line=key_node.line)
            lines[key] = key_node.line
            if key == _MERGE and not _is_text(followed(key_node)):
                merged = self._merged(value_node, depth)
            else:
                self._left -= len(key)
                own[key] = self.value(value_node, depth)
        return {**merged, **own} if merged else own

    def _merged(self, node: Node, depth: int) -> dict[str, Value]:
        value = self.value(node, depth)
        merged: dict[str, Value] = {}
        for source in reversed(value if isinstance(value, list) else [value]):
            if not isinstance(source, dict):
                raise InvalidFile("`<<` takes a mapping, or a list of them", line=node.line)
            merged |= source
        return merged


def _key(node: Node) -> str:
    key = followed(node)
    if isinstance(key, ScalarNode):
        return key.text
    raise InvalidFile("a key that is no word: a template, or braces that want quotes", line=node.line)


def _is_text(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.is_plain and node.tag in _TEXT_TAGS


def _check_tag(node: MappingNode | SequenceNode, own: str) -> None:
    if node.tag not in {None, "!", _TAGS + own}:
        raise InvalidFile(f"the tag {node.tag} is not known here", line=node.line)


def _scalar(node: ScalarNode) -> Scalar:
    if node.is_plain:
        return meaning(node.text)
    return node.text if node.tag in _TEXT_TAGS else _tagged(node)


def _tagged(node: ScalarNode) -> Scalar:
    value = meaning(node.text)
    if node.tag == _TAGS + "float" and type(value) is int:
        return float(value)
    if _TYPES.get(node.tag) is type(value):
        return value
    raise InvalidFile(f"{node.text!r} with the tag {node.tag} is not read here", line=node.line)

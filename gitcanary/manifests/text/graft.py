"""The edit of a file that gitcanary owns: one subtree is written anew, all other lines remain."""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gitcanary.errors import RefusedText, Unspliceable
from gitcanary.manifests.text.descent import descend, spelt
from gitcanary.manifests.text.documents import decode, read
from gitcanary.manifests.text.lines import column_of, end_of_line, line_end, start_of_line
from gitcanary.manifests.text.nodes import MappingNode, Node, SequenceNode, compose, has_key
from gitcanary.manifests.text.patches import Patch, patched
from gitcanary.manifests.text.values import Path, Place, Value, are_same, has, removed, replaced, value_at
from gitcanary.manifests.text.writer import dump

_DOCUMENT_START = re.compile(r"(?m)^---(?=\s|$)")


class Absent(enum.Enum):
    ABSENT = enum.auto()


ABSENT: Final = Absent.ABSENT


def graft(data: bytes, place: Place, value: Value | Absent, *, file: str = "") -> bytes:
    """Put `value`, in block style, at `place`; what is missing there is appended, ABSENT removes what is there.

    That goes for keys and for whole documents (an empty path; the index after the last one appends). An item of a list,
    and whatever stands in flow style, is written anew together with what holds it. The result was read again. Raises
    Unspliceable where that is not possible, InvalidFile where the file cannot be read.
    """
    try:
        bom, text = decode(data)
        return (bom + _grafted(text, place, value)).encode()
    except RefusedText as refusal:
        raise refusal.within(file) from None


def _grafted(text: str, place: Place, value: Value | Absent) -> str:
    roots = compose(text)
    values = [document.value for document in read(text, roots)]
    index, path = place.document, place.path
    if not path and index == len(values) and not isinstance(value, Absent):
        return patched(text, [_new_document(text, roots, value)], [*values, value])
    if not 0 <= index < len(values):
        raise Unspliceable(f"the file has no document {index + 1}")
    if not path and isinstance(value, Absent):
        return patched(text, [_no_document(text, roots, index)], [*values[:index], *values[index + 1 :]])
    after = _edited(values[index], path, value)
    if are_same(values[index], after):
        return text
    return patched(
        text, [_Graft(text, roots, index, after).patch(path)], [*values[:index], after, *values[index + 1 :]]
    )


def _edited(before: Value, path: Path, value: Value | Absent) -> Value:
    if isinstance(value, Absent):
        return removed(before, path) if has(before, path) else before
    depth = next(depth for depth in range(len(path), -1, -1) if has(before, path[:depth]))
    for step in reversed(path[depth + 1 :]):
        value = {str(step): value}
    try:
        return replaced(before, path[: depth + 1], value)
    except KeyError:
        raise Unspliceable(f"{spelt(path)} has no mapping to stand in") from None


def _new_document(text: str, roots: Sequence[Node], value: Value) -> Patch:
    eol = line_end(text)
    before = eol if text and not text.endswith("\n") else ""
    mark = f"---{eol}" if roots else ""
    return Patch(len(text), len(text), before + mark + dump(value).replace("\n", eol))


def _no_document(text: str, roots: Sequence[Node], index: int) -> Patch:
    starts = [match.start() for match in _DOCUMENT_START.finditer(text)]
    if len(starts) < len(roots):
        starts.insert(0, 0)
    if len(starts) != len(roots):
        raise Unspliceable("its documents are not set apart by `---`", line=roots[index].line)
    return Patch(starts[index], [*starts, len(text)][index + 1], "")


@dataclass(frozen=True, slots=True)
class _Graft:
    """One document that is to become `after`, by the smallest patch that consists of whole lines in block style."""

    text: str
    roots: Sequence[Node]
    document: int
    after: Value

    def patch(self, path: Path) -> Patch:
        """Return the patch for the change at `path`; where it cannot be so small, the one for what holds it."""
        if not path:
            return self._root()
        holder, key = self._node(path[:-1]), str(path[-1])
        if not isinstance(holder, MappingNode) or holder.is_flow:
            return self.patch(path[:-1])
        entry = next(((name, value) for name, value in holder.pairs if has_key(name, key)), None)
        match entry, has(self.after, path):
            case None, True:
                return self._added(holder, path)
            case (name, value), True:
                return self._replaced(name, value, path)
            case (name, value), False if len(holder.pairs) > 1 and self._starts_line(name):
                return self._removed(name, value)
            case _:
                return self.patch(path[:-1])

    def _node(self, path: Path) -> Node | None:
        try:
            return descend(self.roots, Place(self.document, path))
        except Unspliceable:
            return None

    def _root(self) -> Patch:
        root = self.roots[self.document]
        rendered = self._with_margin(dump(self.after), 0)
        end = end_of_line(self.text, self._content_end(root))
        if self._starts_line(root):
            return Patch(start_of_line(self.text, root.start), end, rendered)
        return Patch(root.start, end, self._eol() + rendered)

    def _replaced(self, key: Node, old: Node, path: Path) -> Patch:
        """Replace all that follows the key's colon but a comment on the key's own line."""
        colon = self.text.index(":", key.end) + len(":")
        first_end, end = end_of_line(self.text, colon), max(self._content_end(old), colon)
        is_below = old.start > first_end or end == colon
        comment = self.text[colon if is_below else end : first_end] if is_below or end <= first_end else ""
        first, eol, rest = self._tail(path, column_of(self.text, key.start)).partition(self._eol())
        return Patch(colon, end_of_line(self.text, end), first + comment.rstrip() + eol + rest)

    def _added(self, holder: MappingNode, path: Path) -> Patch:
        column = column_of(self.text, holder.pairs[0][0].start)
        rendered = self._with_margin(dump({path[-1]: value_at(self.after, path)}), column)
        end = end_of_line(self.text, self._content_end(holder))
        return Patch(end, end, self._eol() + " " * column + rendered)

    def _removed(self, key: Node, old: Node) -> Patch:
        end = self.text.find("\n", max(self._content_end(old), key.end)) + 1
        return Patch(start_of_line(self.text, key.start), end or len(self.text), "")

    def _starts_line(self, node: Node) -> bool:
        return not self.text[start_of_line(self.text, node.start) : node.start].strip()

    def _content_end(self, node: Node) -> int:
        """Return where the node's last character stands; the mark of a block is where the next token is."""
        while isinstance(node, MappingNode | SequenceNode) and not node.is_flow:
            node = node.pairs[-1][1] if isinstance(node, MappingNode) else node.items[-1]
        return node.start + len(self.text[node.start : node.end].rstrip())

    def _tail(self, path: Path, column: int) -> str:
        """Return what is to follow the colon of the last key: a scalar on its line, or the lines below it."""
        key, value = path[-1], value_at(self.after, path)
        name = dump({key: None}).removesuffix(" null\n")
        return self._with_margin(dump({key: value}).removeprefix(name), column)

    def _with_margin(self, rendered: str, column: int) -> str:
        first, *others = rendered.removesuffix("\n").split("\n")
        return self._eol().join([first, *(" " * column + line if line else line for line in others)])

    def _eol(self) -> str:
        return line_end(self.text)

"""Items added to a list that people wrote, such as `resources` of a kustomization.yaml."""

import re
from collections.abc import Sequence

from gitcanary.errors import RefusedText, Unspliceable
from gitcanary.manifests.text.descent import descend
from gitcanary.manifests.text.documents import decode, read
from gitcanary.manifests.text.lines import column_of, end_of_line, line_end, start_of_line
from gitcanary.manifests.text.nodes import MappingNode, Node, ScalarNode, SequenceNode, compose, has_key
from gitcanary.manifests.text.patches import Patch, patched
from gitcanary.manifests.text.splice import one_line
from gitcanary.manifests.text.values import Place, Value

_DASH = re.compile(r" *- +")
_DOCUMENT_END = re.compile(r"(?m)^\.\.\.(?=\s|$)")


def insert_items(data: bytes, key: str, items: Sequence[str], *, file: str = "") -> bytes:
    """Add the items that are not there yet at the end of the root's list `key`; every other byte is kept.

    The list may be in block or flow style, empty or missing. The result was read again. Raises Unspliceable with line
    and reason, InvalidFile where the file cannot be read.
    """
    try:
        bom, text = decode(data)
        return (bom + _inserted(text, key, items)).encode()
    except RefusedText as refusal:
        raise refusal.within(file) from None


def _inserted(text: str, key: str, items: Sequence[str]) -> str:
    roots = compose(text)
    values = [document.value for document in read(text, roots)]
    if len(values) > 1:
        raise Unspliceable(f"holds {len(values)} documents, not one", line=roots[1].line)
    before = values[0] if values and values[0] is not None else {}
    if not isinstance(before, dict):
        raise Unspliceable("holds no mapping", line=roots[0].line)
    present = _listed(before, key, roots)
    new = [item for item in dict.fromkeys(items) if _name(item) not in map(_name, present)]
    if not new:
        return text
    patch = _patch(text, roots, key, new)
    return patched(text, [patch], [{**before, key: [*present, *new]}])


def _listed(mapping: dict[str, Value], key: str, roots: Sequence[Node]) -> list[Value]:
    listed = mapping.get(key)
    if listed is None:
        return []
    if isinstance(listed, list):
        return listed
    raise Unspliceable(f"{key} holds no list", line=descend(roots, Place(0, (key,))).line)


def _name(item: Value) -> Value:
    return item.removeprefix("./") if isinstance(item, str) else item


def _patch(text: str, roots: Sequence[Node], key: str, items: Sequence[str]) -> Patch:
    root = roots[0] if roots else None
    if not isinstance(root, MappingNode) or not any(has_key(each, key) for each, _ in root.pairs):
        return _appended(text, root, key, items)
    node = descend(roots, Place(0, (key,)))
    if node.anchor is not None or node.tag is not None:
        raise Unspliceable(f"{key} has an anchor or a tag", line=node.line)
    match node:
        case SequenceNode(is_flow=True):
            return _into_flow(text, node, items)
        case SequenceNode():
            return _into_block(text, node.items[-1], items)
        case ScalarNode(text="", is_plain=True):
            return _into_nothing(text, node, items, column_of(text, _key(root, key)))
        case _:
            raise Unspliceable(f"{key} holds no list of its own", line=node.line)


def _key(root: MappingNode, name: str) -> int:
    return next(key.start for key, _ in root.pairs if has_key(key, name))


def _into_flow(text: str, sequence: SequenceNode, items: Sequence[str]) -> Patch:
    if not sequence.items:
        after = sequence.start + len("[")
        return Patch(after, after, ", ".join(one_line(item, "") for item in items))
    last = sequence.items[-1]
    quote = _quote_of(text, last)
    return Patch(last.end, last.end, "".join(f", {one_line(item, quote)}" for item in items))


def _into_block(text: str, last: Node, items: Sequence[str]) -> Patch:
    dash = text[start_of_line(text, last.start) : last.start]
    if not _DASH.fullmatch(dash) or not isinstance(last, ScalarNode) or "\n" in text[last.start : last.end]:
        raise Unspliceable("after this item none can be added", line=last.line)
    return _lines(text, last.end, [dash + one_line(item, _quote_of(text, last)) for item in items])


def _into_nothing(text: str, node: ScalarNode, items: Sequence[str], column: int) -> Patch:
    return _lines(text, node.end, [f"{' ' * column}- {one_line(item, '')}" for item in items])


def _appended(text: str, root: Node | None, key: str, items: Sequence[str]) -> Patch:
    if isinstance(root, MappingNode) and root.is_flow:
        raise Unspliceable(f"the key {key!r} is missing, and the file is in flow style", line=root.line)
    indent = " " * (column_of(text, root.start) if isinstance(root, MappingNode) else 0)
    lines = [f"{indent}{key}:", *(f"{indent}- {one_line(item, '')}" for item in items)]
    end = _DOCUMENT_END.search(text, root.start if root else 0)
    if end is None:
        return _lines(text, len(text), lines)
    eol = line_end(text)
    return Patch(end.start(), end.start(), "".join(line + eol for line in lines))


def _lines(text: str, position: int, lines: Sequence[str]) -> Patch:
    """Put whole lines after the one with `position`; a file without a final line end stays one."""
    eol = line_end(text)
    after = end_of_line(text, position)
    if after == len(text) and (not text or text.endswith("\n")):
        return Patch(after, after, "".join(line + eol for line in lines))
    return Patch(after, after, "".join(eol + line for line in lines))


def _quote_of(text: str, node: Node) -> str:
    first = text[node.start : node.start + 1]
    return first if first in {"'", '"'} else ""

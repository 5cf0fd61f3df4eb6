"""The exact edit: replaces the characters of scalars in a file that people wrote, and not one character more."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gitcanary.errors import RefusedText, Unspliceable
from gitcanary.manifests.text.descent import descend, spelt
from gitcanary.manifests.text.dialect import is_ambiguous
from gitcanary.manifests.text.documents import decode, is_template, read, spans_of_documents
from gitcanary.manifests.text.nodes import MappingNode, Node, SequenceNode, compose, followed
from gitcanary.manifests.text.patches import Patch, patched
from gitcanary.manifests.text.values import Place, Scalar, Value, are_same, replaced, value_at

_BREAKS = re.compile("[\r\n\x85\u2028\u2029]")
_PLAIN = re.compile(r"[A-Za-z0-9_./](?:[A-Za-z0-9_./@+-]|:(?=[A-Za-z0-9_./]))*")  # far less than YAML allows
_YTT = re.compile(r"(?m)^[ \t]*#@|[ \t]#@")


@dataclass(frozen=True, slots=True)
class Edit:
    """A scalar's new value. A whole number stays a number, and a string stays a string."""

    place: Place
    value: str | int


def splice(data: bytes, edits: Sequence[Edit], *, file: str = "") -> bytes:
    """Put the new values in place; quotes, comments, line ends and all other bytes remain.

    The result was read again and holds exactly the edits. Raises Unspliceable with line and reason where that is not
    possible, InvalidFile where the file cannot be read. A value that is already there changes no byte.
    """
    try:
        bom, text = decode(data)
        return (bom + _spliced_apart(text, edits)).encode()
    except RefusedText as refusal:
        raise refusal.within(file) from None


def one_line(text: str, quote: str) -> str:
    """Return `text` as a scalar of one line in `quote`s, `'` or `"`, or in as few as it needs where that is empty.

    Raises Unspliceable for what has no such form.
    """
    if not text.isprintable():
        raise Unspliceable(f"{text[:50]!r} holds characters that cannot stand in one line")
    if not quote and _PLAIN.fullmatch(text) and not is_ambiguous(text):
        return text
    if quote == "'":
        return "'" + text.replace("'", "''") + "'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _spliced_apart(text: str, edits: Sequence[Edit]) -> str:
    """Splice within the one document that is edited, where it can be told from the others without reading them all.

    A document is read as it stands alone, so what is right there is right in the file; the others keep their bytes.
    """
    spans = spans_of_documents(text)
    touched = {edit.place.document for edit in edits}
    if len(touched) != 1 or spans is None or max(touched) >= len(spans):
        return _spliced(text, edits)
    start, end = spans[touched.pop()]
    try:
        new = _spliced(text[start:end], [Edit(Place(0, edit.place.path), edit.value) for edit in edits])
    except RefusedText:
        return _spliced(text, edits)  # which knows on which line of the file that is
    return text[:start] + new + text[end:]


def _spliced(text: str, edits: Sequence[Edit]) -> str:
    roots = compose(text)
    values = [document.value for document in read(text, roots)]
    expected = list(values)
    patches = []
    for edit in edits:
        document, path = edit.place.document, edit.place.path
        node = descend(roots, edit.place)
        held = value_at(values[document], path)
        if not are_same(held, edit.value):
            patches.append(Patch(node.start, node.end, _rendered(text, node, held, edit)))
            expected[document] = replaced(expected[document], path, edit.value)
    return patched(text, patches, expected) if patches else text


def _rendered(text: str, node: Node, held: Value, edit: Edit) -> str:
    written = text[node.start : node.end]
    problem = _shape_problem(node, written) or _template_problem(text, written) or _type_problem(written, held, edit)
    if problem:
        raise Unspliceable(f"{spelt(edit.place.path)}: {problem}", line=node.line)
    if isinstance(edit.value, int):
        return str(edit.value)
    try:
        return one_line(edit.value, written[0] if written[0] in "'\"" else "")
    except Unspliceable as refusal:
        raise Unspliceable(f"{spelt(edit.place.path)}: {refusal.reason}", line=node.line) from None


def _shape_problem(node: Node, written: str) -> str | None:
    if isinstance(followed(node), MappingNode | SequenceNode):
        return "holds more than one value"
    if node.anchor is not None:
        return f"the anchor &{node.anchor} may give this value to other places"
    if not written:
        return "the key has no value to replace"
    if node.tag is not None:
        return "the value has a tag"
    if written[0] in "|>" or _BREAKS.search(written):
        return "the value spans several lines"
    return None


def _template_problem(text: str, written: str) -> str | None:
    if is_template(written):
        return f"{written[:50]} is for a template engine to fill in"
    return "the file is a ytt template (`#@`)" if _YTT.search(text) else None


def _type_problem(written: str, held: Value, edit: Edit) -> str | None:
    if isinstance(edit.value, str):
        return None if type(held) in {str, int, float} else f"holds {_named(held)}, not text"
    if type(held) is int:
        return None
    quoted = ": in quotes it is text" if written[0] in "'\"" else ""
    return f"holds {_named(held)}, not a whole number{quoted}"


def _named(held: Value) -> str:
    words: dict[Scalar, str] = {True: "true", False: "false", None: "null"}
    return repr(held) if isinstance(held, str | float | list | dict) else words[held]

"""Replaced characters, and the proof that they changed the values that were meant and no other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitcanary.errors import InvalidFile, Unspliceable
from gitcanary.manifests.text.documents import read_text
from gitcanary.manifests.text.values import Value, are_same


@dataclass(frozen=True, slots=True)
class Patch:
    """Characters `start` to `end` of a text become `new`."""

    start: int
    end: int
    new: str


def patched(text: str, patches: Iterable[Patch], expected: Sequence[Value]) -> str:
    """Return `text` with the patches, which now holds the `expected` documents; raises Unspliceable if it does not."""
    pieces, done = [], 0
    for patch in sorted(set(patches), key=lambda patch: patch.start):
        if patch.start < done:
            raise Unspliceable("two different edits of one value", line=text.count("\n", 0, patch.start) + 1)
        pieces += [text[done : patch.start], patch.new]
        done = patch.end
    result = "".join([*pieces, text[done:]])
    _verify(result, expected)
    return result


def _verify(text: str, expected: Sequence[Value]) -> None:
    try:
        values = [document.value for document in read_text(text)]
    except InvalidFile as refusal:
        raise Unspliceable(f"after the edit it would not be read: {refusal.reason}", line=refusal.line) from None
    if len(values) != len(expected) or not all(map(are_same, values, expected)):
        raise Unspliceable("after the edit it would hold other values than were meant")

"""Which fields of a Canary differ between two versions of its file, in words that are safe to print."""

import re

from gitcanary.manifests.catalog import text_at
from gitcanary.manifests.schema import canary_file
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.text.documents import parse
from gitcanary.manifests.text.values import Path, Scalar, Value, leaves

_MOST = 5  # fields that are named
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def changed_fields(old: bytes, new: bytes, canary: Canary) -> str:
    """Return the fields that differ, a few of them by name, numbers with their old and new value; "" where none does.

    Raises `InvalidFile` where one of them cannot be read.
    """
    before, after = (dict(leaves(_spec(data, canary))) for data in (old, new))
    paths = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    told = list(dict.fromkeys(_told(path, before.get(path), after.get(path)) for path in paths))
    more = f" and {len(told) - _MOST} more" if len(told) > _MOST else ""
    return ", ".join(told[:_MOST]) + more


def _spec(data: bytes, canary: Canary) -> Value:
    for document in parse(data):
        if canary_file.is_canary(document.value) and text_at(document.value, "metadata", "name") == canary.name:
            return document.value
    return None


def _told(path: Path, old: Scalar, new: Scalar) -> str:
    words = [str(step) for step in path]
    known = next((number for number, word in enumerate(words) if not _WORD.fullmatch(word)), len(words))
    field = ".".join(words[:known]).removeprefix("spec.") or "the spec"
    is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (old, new))
    return f"{field} {old} -> {new}" if is_number and known == len(words) else field

"""Locations: `file#key.key[name=x].key`, by which a spec names one value in one file of the canary's folder."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gitcanary.errors import InvalidLocation
from gitcanary.manifests.text.documents import Document, line_of
from gitcanary.manifests.text.paths import checked_path
from gitcanary.manifests.text.values import Path, Place, Scalar, Value, value_at

_WORD = r""" "[^"]+" | '[^']+' | [^.\[\]"'=\#\s]+ """
_VALUE = r""" "[^"]*" | '[^']*' | [^\[\]"']+ """
_STEP = re.compile(
    rf"""\.? (?P<key>{_WORD}) | \[ (?P<index>[0-9]{{1,6}}) \] | \[ (?P<name>{_WORD}) = (?P<value>{_VALUE}) \]""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a mapping."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """A position in a list, from 0."""

    number: int


@dataclass(frozen=True, slots=True)
class Match:
    """The one item of a list whose `key` holds `value`."""

    key: str
    value: str


Step: TypeAlias = Key | Index | Match


@dataclass(frozen=True, slots=True)
class Location:
    """One value: `file` is relative to the canary's folder, `steps` lead to it from the root of a document."""

    file: str
    steps: tuple[Step, ...]
    text: str = field(compare=False)  # as it was written

    def __str__(self) -> str:
        return self.text


def parse_location(text: str) -> Location:
    """Read `file#key."dotted.key"[name=x][2].key`; raises InvalidLocation."""
    file, mark, path = text.partition("#")
    if not mark or not path:
        raise InvalidLocation(f"{text[:200]!r} is not `file#key.key`")
    if not path.isprintable():
        raise InvalidLocation(f"{text[:200]!r} holds control characters")
    return Location(checked_path(file), _steps(path, text), text)


def resolve(location: Location, documents: Sequence[Document], *, document: int | None = None) -> Place:
    """Find the one place that `location` names, in any document or in the one with index `document`.

    Raises InvalidLocation where it is found in no document, or in several.
    """
    searched = [each for each in documents if document in {None, each.index}]
    found, misses = [], []
    for each in searched:
        try:
            found.append(Place(each.index, _follow(each, location)))
        except InvalidLocation as miss:
            misses.append(miss)
    if len(found) == 1:
        return found[0]
    if found:
        lines = " and ".join(str(line_of(documents[place.document], place.path)) for place in found)
        raise InvalidLocation(f"{location} is found in several documents, on lines {lines}", file=location.file)
    raise misses[0] if len(misses) == 1 else InvalidLocation(f"{location} is in no document", file=location.file)


def resolve_scalar(location: Location, documents: Sequence[Document], *, document: int | None = None) -> Place:
    """Find the one place that `location` names, as `resolve` does; raises InvalidLocation if it holds no scalar."""
    place = resolve(location, documents, document=document)
    holder = next(each for each in documents if each.index == place.document)
    if isinstance(value_at(holder.value, place.path), dict | list):
        line = line_of(holder, place.path)
        raise InvalidLocation(f"{location} holds more than one value", line=line, file=location.file)
    return place


def _steps(path: str, text: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None or match[0].startswith(".") != (position > 0 and match["key"] is not None):
            raise InvalidLocation(f"{text[:200]!r} is not `file#key.key[name=x]`: stuck at {path[position:][:50]!r}")
        steps.append(_step(match))
        position = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["key"] is not None:
        return Key(_unquoted(match["key"]))
    if match["index"] is not None:
        return Index(int(match["index"]))
    return Match(_unquoted(match["name"]), _unquoted(match["value"]))


def _unquoted(word: str) -> str:
    return word[1:-1] if word[0] in "\"'" else word


def _follow(document: Document, location: Location) -> Path:
    path: Path = ()
    value = document.value
    for step in location.steps:
        try:
            taken = _taken(value, step)
        except LookupError as miss:
            reason = f"{location}: {miss.args[0]}"
            raise InvalidLocation(reason, line=line_of(document, path), file=location.file) from None
        path = (*path, taken)
        value = value_at(document.value, path)
    return path


def _taken(value: Value, step: Step) -> str | int:
    match step, value:
        case Key(name), dict() if name in value:
            return name
        case Index(number), list() if number < len(value):
            return number
        case Match(key, wanted), list():
            return _only([index for index, item in enumerate(value) if _holds(item, key, wanted)], key, wanted)
        case Key(name), _:
            raise LookupError(f"no key {name!r} here")
        case Index(number), _:
            raise LookupError(f"no item {number} here")
        case _:
            raise LookupError("no list here")


def _only(indexes: list[int], key: str, wanted: str) -> int:
    if len(indexes) == 1:
        return indexes[0]
    raise LookupError(f"{len(indexes) or 'no'} items with {key} = {wanted!r} here")


def _holds(item: Value, key: str, wanted: str) -> bool:
    return isinstance(item, dict) and key in item and _as_word(item[key]) == wanted


def _as_word(value: Value) -> Scalar:
    match value:
        case bool():
            return str(value).lower()
        case int() | str():
            return str(value)
        case _:
            return None

"""What a YAML document holds once it is read: plain values, and the paths that lead to them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None
Value: TypeAlias = dict[str, "Value"] | list["Value"] | Scalar
Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in a file: the document's index, and the keys and list indexes from its root."""

    document: int
    path: Path


def value_at(value: Value, path: Path) -> Value:
    """Return what stands at `path`; raises KeyError or IndexError where nothing does."""
    for step in path:
        value = _child(value, step)
    return value


def has(value: Value, path: Path) -> bool:
    """Tell whether something, null included, stands at `path`."""
    try:
        value_at(value, path)
    except LookupError:
        return False
    return True


def replaced(value: Value, path: Path, new: Value) -> Value:
    """Return a copy of `value` with `new` at `path`; a key that is missing at its end is appended."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    match value, step:
        case dict(), str():
            return {**value, step: replaced(value[step] if rest else None, rest, new)}
        case list(), int() if 0 <= step < len(value):
            return [*value[:step], replaced(value[step], rest, new), *value[step + 1 :]]
        case _:
            raise KeyError(step)


def removed(value: Value, path: Path) -> Value:
    """Return a copy of `value` without the key or item at `path`."""
    parent = value_at(value, path[:-1])
    match parent, path[-1]:
        case dict(), str(key):
            return replaced(value, path[:-1], {name: held for name, held in parent.items() if name != key})
        case list(), int(index):
            return replaced(value, path[:-1], [*parent[:index], *parent[index + 1 :]])
        case _:
            raise KeyError(path[-1])


def leaves(value: Value, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Yield every scalar with its path, in order."""
    match value:
        case dict():
            for key, held in value.items():
                yield from leaves(held, (*path, key))
        case list():
            for index, held in enumerate(value):
                yield from leaves(held, (*path, index))
        case _:
            yield path, value


def are_same(one: Value, other: Value) -> bool:
    """Compare types and the order of keys too: in Python alone 1, 1.0 and true are equal."""
    return json.dumps(one) == json.dumps(other)


def _child(value: Value, step: str | int) -> Value:
    match value, step:
        case dict(), str():
            return value[step]
        case list(), int() if 0 <= step < len(value):
            return value[step]
        case _:
            raise KeyError(step)

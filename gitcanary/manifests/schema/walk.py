"""Walking the Canary's schema: which field is which model, and what a value has that the schema refuses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from gitcanary.manifests.schema.terms import Conflict, NotHonoured, Strict, shown


class Shape(StrEnum):
    """How a field holds its model."""

    ONE = "one"
    LIST = "list"
    MAPPING = "mapping"


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of a model: its key in YAML, its mark, and the model that it holds, if any."""

    key: str
    remark: str
    mark: NotHonoured | None
    shape: Shape
    model: type[Strict] | None


@cache
def entries(model: type[Strict]) -> tuple[Entry, ...]:
    """Return the fields of a model in their order."""
    return tuple(_entry(info.alias or name, info) for name, info in model.model_fields.items())


def _entry(key: str, info: FieldInfo) -> Entry:
    mark = next((mark for mark in info.metadata if isinstance(mark, NotHonoured)), None)
    shape, held = _held(info.annotation)
    return Entry(key, info.description or "", mark, shape, held)


def survey(model: type[Strict], value: object) -> Iterator[Conflict]:
    """Yield what a value has that its model refuses, whatever else is wrong with it: what no single field tells.

    These are unknown fields, fields that are not honoured, and what is wrong between fields.
    """
    if not isinstance(value, dict):
        return
    given = model.given(value)
    yield from _unknown(model, given)
    yield from model.conflicts(given)
    for entry in entries(model):
        if entry.key in given:
            for conflict in _of_field(entry, given[entry.key]):
                yield conflict.below(entry.key)


def _unknown(model: type[Strict], given: Mapping[str, Any]) -> Iterator[Conflict]:
    known = model.keys()
    for key in given:
        if key not in known:
            close = get_close_matches(key[:64], known, 1)
            hint = f"; {close[0]} is one" if close else ""
            yield Conflict((key,), "an unknown field", f"fields of Flagger's schema{hint}")


def _of_field(entry: Entry, value: object) -> Iterator[Conflict]:
    if entry.mark is not None and entry.mark.refuses(value):
        yield Conflict((), shown(value), entry.mark.allows)
    if entry.model is not None:
        for path, held in _held_values(entry.shape, value):
            for conflict in survey(entry.model, held):
                yield conflict.below(*path)


def _held_values(shape: Shape, value: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    match shape, value:
        case Shape.ONE, _:
            yield (), value
        case Shape.LIST, list():
            yield from (((index,), held) for index, held in enumerate(value))
        case Shape.MAPPING, dict():
            yield from (((key,), held) for key, held in value.items())
        case _:
            return  # the value's type is wrong: pydantic says so


def _held(annotation: object) -> tuple[Shape, type[Strict] | None]:
    """Return how an annotation holds a model, and which: `list[Model] | None` is a list of Model."""
    origin, args = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and origin is None:
        return Shape.ONE, annotation if issubclass(annotation, Strict) else None
    if origin is Annotated:
        return _held(args[0])
    if origin in {Union, UnionType}:
        return next((_held(arg) for arg in args if arg is not NoneType), (Shape.ONE, None))
    if origin in {list, dict}:
        return Shape.LIST if origin is list else Shape.MAPPING, _held(args[-1])[1]
    return Shape.ONE, None

"""The words of the Canary's schema: strict models, and the mark of a field that is not honoured.

A YAML type is never converted: a number in quotes is an error that says what to change. Null is the same as absent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from gitcanary.manifests.text.values import Path


@dataclass(frozen=True, slots=True)
class NotHonoured:
    """Marks a field of Flagger's that is refused by name. The values `unless` change nothing, and pass."""

    why: str = "not honoured yet"
    unless: tuple[object, ...] = ()

    @property
    def allows(self) -> str:
        """Say what may stand there instead."""
        return f"{' or '.join(shown(fine) for fine in self.unless) or 'nothing'} ({self.why})"

    def refuses(self, value: object) -> bool:
        """Tell whether the field may not have this value; null is the same as leaving it out."""
        return value is not None and value not in self.unless


NOT_YET = NotHonoured()
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value that is not allowed, at its path from the model that says so."""

    path: Path
    found: str
    allowed: str

    def below(self, *parents: str | int) -> "Conflict":
        """Return the same conflict as seen from further up."""
        return Conflict((*parents, *self.path), self.found, self.allowed)


def shown(value: object) -> str:
    """Return what was found: one printable line of at most eighty characters, never a whole mapping or list."""
    match value:
        case None:
            text = "nothing"
        case bool():
            text = str(value).lower()
        case dict() | list() if value:
            text = "a mapping" if isinstance(value, dict) else "a list"
        case str():
            text = repr(_excerpt(value))
        case _:
            text = repr(value)
    return text[:80]


def _excerpt(text: str) -> str:
    """Return the beginning of a text, without what may be credentials of an address."""
    start, end = text.find("//"), text.rfind("@")
    safe = f"{text[: start + 2]}…{text[end:]}" if 0 <= start < end else text
    return safe if len(safe) <= _LONGEST_SHOWN else f"{safe[:_LONGEST_SHOWN]}…"


def spelling(name: str) -> str:
    """Return a Python name in the spelling of Kubernetes fields: `max_weight` is `maxWeight`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


class Strict(BaseModel):
    """A mapping whose every key is known and of its own YAML type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=spelling)

    @classmethod
    def conflicts(cls, _given: Mapping[str, Any]) -> Iterator[Conflict]:
        """Yield what is wrong between the fields, of which any may be malformed itself; null fields are not given."""
        yield from ()

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """Return the names of the fields, as they stand in YAML."""
        return tuple(info.alias or name for name, info in cls.model_fields.items())

    @classmethod
    def given(cls, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is given: all but the known fields that are null."""
        known = cls.keys()
        return {key: held for key, held in value.items() if held is not None or key not in known}

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        return cls.given(value) if isinstance(value, dict) else value


def exactly_one(given: Mapping[str, Any], *names: str) -> Iterator[Conflict]:
    """Yield a conflict unless one of the fields, and one alone, is given."""
    there = [name for name in names if name in given]
    if len(there) != 1:
        yield Conflict((), " and ".join(there) or "none of them", f"exactly one of {', '.join(names)}")


def at_most_one(given: Mapping[str, Any], *names: str) -> Iterator[Conflict]:
    """Yield a conflict if several of the fields are given."""
    if any(name in given for name in names):
        yield from exactly_one(given, *names)

"""YAML that gitcanary writes: one style, and text that every YAML version reads as the same values.

ruamel.yaml knows what that style is in every case, but needs milliseconds for a record, of which each step of each
canary writes one. What is nearly all of it, plain words, numbers and instants, is therefore written here, to the same
bytes; anything else makes the whole document ruamel's.
"""

import io
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from gitcanary.manifests.text.dialect import is_ambiguous

_STRING = "tag:yaml.org,2002:str"
_MAPPING = "tag:yaml.org,2002:map"
# Text that needs no quotes wherever it stands: far less than YAML allows.
_WORDS = re.compile(r"[A-Za-z0-9_./](?:[A-Za-z0-9_./@+%<>=()-]|:(?=[A-Za-z0-9_./])| (?=[A-Za-z0-9_./%<>=(]))*")
_QUOTABLE = re.compile(r"[A-Za-z0-9_./:+=<~-]*")
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")
_LONGEST_KEY = 100  # from 128 characters on, YAML wants a key to stand on a line of its own


class _Unusual(Exception):
    """Something that only ruamel.yaml knows how to write."""


class OneLine(dict[str, Any]):
    """A mapping that is written on one line, `{name: x, value: 1}`: for short entries of a list."""


def dump(value: object) -> str:
    """Write a mapping or list as one document in block style: keys as they come, lists not indented, no line wrapped.

    Takes what JSON takes, and aware datetimes, which are written in UTC as `2026-11-22T10:04:37Z` without quotes.
    """
    try:
        return "".join(f"{line}\n" for line in _lines(value))
    except _Unusual:
        return dump_by_library(value)


def dump_by_library(value: object) -> str:
    """Write what `dump` writes, whatever it holds."""
    stream = io.StringIO()
    _yaml().dump(value, stream)
    return stream.getvalue()


def dump_all(values: Iterable[object]) -> str:
    """Write several documents, `---` between them."""
    return "---\n".join(map(dump, values))


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # the library's own hints know only its default, None
    yaml.allow_unicode = True
    yaml.width = sys.maxsize
    return yaml


class _Representer(SafeRepresenter):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - what is the same twice is written twice
        return True

    def represent_text(self, text: str) -> ScalarNode:
        return self.represent_scalar(_STRING, text, style=_style(text))

    def represent_instant(self, instant: datetime) -> ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:timestamp", _instant(instant))

    def represent_one_line(self, mapping: OneLine) -> MappingNode:
        return self.represent_mapping(_MAPPING, mapping, flow_style=True)


_Representer.add_representer(str, _Representer.represent_text)
_Representer.add_representer(datetime, _Representer.represent_instant)
_Representer.add_multi_representer(StrEnum, lambda yaml, word: yaml.represent_text(word.value))
_Representer.add_representer(OneLine, _Representer.represent_one_line)


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _style(text: str) -> str | None:
    if is_ambiguous(text) or text.startswith(("?", ":")) or not text.replace("\n", "").isprintable():
        return '"'
    if "\n" in text:
        return '"' if text[0].isspace() or text.endswith("\n\n") else "|"
    return None


def _lines(value: object) -> Iterator[str]:
    """Yield the lines of a value in block style; raises `_Unusual`."""
    match value:
        case OneLine():
            yield _inline(value)
        case dict() if value:
            for key, held in value.items():
                yield from _entry(f"{_key(key)}:", held, is_item=False)
        case list() if value:
            for item in value:
                yield from _entry("-", item, is_item=True)
        case _:
            raise _Unusual


def _entry(start: str, held: object, *, is_item: bool) -> Iterator[str]:
    """Yield the lines of a key or a dash with what it holds."""
    if not held or not isinstance(held, dict | list) or isinstance(held, OneLine):
        yield f"{start} {_inline(held)}"
    elif is_item:
        first, *others = _lines(held)
        yield f"{start} {first}"
        yield from (f"  {line}" for line in others)
    else:
        yield start
        indent = "  " if isinstance(held, dict) else ""
        yield from (f"{indent}{line}" for line in _lines(held))


def _inline(value: object) -> str:
    """Return a value on one line; raises `_Unusual`."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_key(key)}: {_inline(held)}" for key, held in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
        case str():
            return _scalar(str(value))
        case datetime():
            return _instant(value)
        case _:
            return _number(value)


def _number(value: object) -> str:
    """Return a number, true, false or null; raises `_Unusual` for floats that are not simply written."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, int) or (isinstance(value, float) and _DECIMAL.fullmatch(repr(value))):
        return repr(value)
    raise _Unusual


@lru_cache(maxsize=4096)
def _scalar(text: str) -> str:
    if is_ambiguous(text):
        if _QUOTABLE.fullmatch(text):
            return f'"{text}"'
    elif _WORDS.fullmatch(text):
        return text
    raise _Unusual


def _key(key: object) -> str:
    if isinstance(key, str) and key and len(key) < _LONGEST_KEY:
        return _scalar(str(key))
    raise _Unusual

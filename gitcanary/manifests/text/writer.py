"""YAML that gitcanary writes: one style, and text that every YAML version reads as the same values."""

import io
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from gitcanary.manifests.text.dialect import is_ambiguous

_STRING = "tag:yaml.org,2002:str"
_MAPPING = "tag:yaml.org,2002:map"


class OneLine(dict[str, Any]):
    """A mapping that is written on one line, `{name: x, value: 1}`: for short entries of a list."""


def dump(value: object) -> str:
    """Write a mapping or list as one document in block style: keys as they come, lists not indented, no line wrapped.

    Takes what JSON takes, and aware datetimes, which are written in UTC as `2026-11-22T10:04:37Z` without quotes.
    """
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
        text = instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return self.represent_scalar("tag:yaml.org,2002:timestamp", text)

    def represent_one_line(self, mapping: OneLine) -> MappingNode:
        return self.represent_mapping(_MAPPING, mapping, flow_style=True)


_Representer.add_representer(str, _Representer.represent_text)
_Representer.add_representer(datetime, _Representer.represent_instant)
_Representer.add_multi_representer(StrEnum, lambda yaml, word: yaml.represent_text(word.value))
_Representer.add_representer(OneLine, _Representer.represent_one_line)


def _style(text: str) -> str | None:
    if is_ambiguous(text) or text.startswith(("?", ":")) or not text.replace("\n", "").isprintable():
        return '"'
    if "\n" in text:
        return '"' if text[0].isspace() or text.endswith("\n\n") else "|"
    return None

"""Jinja2 for what gitcanary writes itself, manifests and messages: its own templates alone, the undefined an error."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

from gitcanary.manifests import templates
from gitcanary.manifests.text.writer import OneLine, dump


def render(name: str, context: Mapping[str, Any]) -> str:
    """Fill a template, such as `manifests/service.yaml.j2`."""
    return _manifests().get_template(name).render(context)


def render_message(name: str, context: Mapping[str, Any]) -> str:
    """Fill a message's template; whatever is put into it stays on its line, whoever wrote it."""
    return _messages().get_template(name).render(context)


def printable(value: object) -> object:
    """Return a text without line ends and control characters, anything else as it is."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(char if char.isprintable() else " " for char in value)


def block(value: object) -> str:
    """Return a value as YAML in block style, without the last line end."""
    return dump(value).rstrip("\n")


def flow(value: object) -> str:
    """Return a value as YAML on one line."""
    return dump(OneLine(_=value)).rstrip("\n").removeprefix("{_: ").removesuffix("}")


@cache
def _manifests() -> Environment:
    environment = _environment()
    environment.filters.update(block=block, flow=flow)
    return environment


@cache
def _messages() -> Environment:
    environment = _environment()
    environment.finalize = printable
    return environment


def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(lambda name: templates.path(name).read_text(encoding="utf-8")),
        undefined=StrictUndefined,
        autoescape=select_autoescape(()),  # YAML and plain text: there is no HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

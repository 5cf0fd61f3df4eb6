"""The texts that gitcanary fills: where they are found, and how a query is filled.

In a wheel they lie in the package, in a checkout beside it.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from gitcanary import errors

PACKAGE = Path(__file__).resolve().parent.parent
PLACES = (PACKAGE / "_templates", PACKAGE.parent / "templates")

PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z][A-Za-z0-9_.]*)\s*\}\}")
# RE2's own list of what has a meaning; a hyphen has none outside a set of characters.
MEANINGFUL = re.compile(r"[\\.+*?()|\[\]{}^$]")
# PromQL's literals take `\xNN` whatever their quote; `\"` is an error between single quotes, and the other way round.
UNQUOTABLE = re.compile(r"[\"'`\x00-\x1f\x7f]")


def path(name: str) -> Path:
    """Return where a template lies, `name` being relative to `templates/`."""
    for place in PLACES:
        if (place / name).is_file():
            return place / name
    raise errors.Usage(f"the template {name} is in none of {', '.join(str(place) for place in PLACES)}")


@cache
def query(name: str) -> str:
    """Return a query's text with its placeholders, by a name such as `istio/request-duration`; read once."""
    return path(f"queries/{name}.promql").read_text(encoding="utf-8").strip()


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a query with each `{{ name }}` replaced by its value, escaped for PromQL's string literals.

    Raises `errors.Refused` for whatever else stands between two pairs of braces: this is no template language.
    """
    rest = PLACEHOLDER.sub("", text)
    if "{{" in rest:
        raise errors.Refused(f"only placeholders are filled, as in {{{{ target }}}}, not {_excerpt(rest)}")
    return PLACEHOLDER.sub(lambda found: _literal(_value(found[1], values)), text)


def match_exactly(text: str) -> str:
    """Return the RE2 expression that matches this text and nothing else, for a value that is filled in after `=~`."""
    return MEANINGFUL.sub(lambda found: "\\" + found[0], text)


def _value(name: str, values: Mapping[str, str]) -> str:
    try:
        return values[name]
    except KeyError:
        raise errors.Refused(f"{{{{ {name} }}}} is unknown; known are {', '.join(sorted(values))}") from None


def _literal(value: str) -> str:
    return UNQUOTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", value.replace("\\", "\\\\"))


def _excerpt(text: str) -> str:
    start = text.index("{{")
    return " ".join(text[start : start + 40].split())

"""The trailers of our commits, read back. They say what a commit claims; whose it is, its committer says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gitcanary.rollout.state import Action

PREFIX = "Gitcanary-"
_LINE = re.compile(r"(?P<key>[A-Za-z0-9-]+): (?P<value>\S.*)")
_WEIGHT = re.compile(r"(\d{1,3}) -> (\d{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Trailers:
    """What a commit of ours says of itself. `weight` is from and to, in percent, None where it stayed."""

    canary: str
    path: str
    action: Action
    revision: str
    source: str
    weight: tuple[int, int] | None = None
    live: str | None = None


def read(message: str) -> Trailers | None:
    """Read the trailers of a commit's message; None where it has not all that ours have, each of them once."""
    found = block(message)
    try:
        return Trailers(
            canary=found["Gitcanary-Canary"],
            path="" if found["Gitcanary-Path"] == "." else found["Gitcanary-Path"],
            action=Action(found["Gitcanary-Action"]),
            revision=found["Gitcanary-Revision"],
            source=found["Gitcanary-Source"],
            weight=_weight(found.get("Gitcanary-Weight")),
            live=found.get("Gitcanary-Live"),
        )
    except (KeyError, ValueError):
        return None


def block(message: str) -> Mapping[str, str]:
    """Return the trailers with our prefix: only a last paragraph after the subject that holds nothing but trailers.

    A key that stands there twice spoils the whole block: nobody can tell which of the two was meant.
    """
    paragraphs = re.split(r"\n[ \t]*\n", message.replace("\r\n", "\n").strip())
    lines = paragraphs[-1].split("\n") if len(paragraphs) > 1 else []
    pairs = [(line["key"], line["value"].rstrip()) for line in map(_LINE.fullmatch, lines) if line]
    ours = [(key, value) for key, value in pairs if key.startswith(PREFIX)]
    is_whole = len(pairs) == len(lines) and len(dict(ours)) == len(ours)
    return dict(ours) if is_whole else {}


def _weight(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = _WEIGHT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return int(found[1]), int(found[2])

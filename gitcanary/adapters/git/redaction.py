"""What may be printed of what a remote or git said: one bounded line without secrets."""

import re
from collections.abc import Iterable
from urllib.parse import quote

_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
_TOKENS = re.compile(r"\b(?:gh[pousr]_\w+|github_pat_\w+|glpat-[\w-]+|(?:Bearer|Basic)\s+[\w+/=.~-]+)")
_INVISIBLE = re.compile(r"[^\x20-\x7e\u00a1-\uffff]+")
_LONGEST = 300


def holds_token(text: str) -> bool:
    """Tell whether something in a text has the shape of a forge's token."""
    return _TOKENS.search(text) is not None


def one_line(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text as one line of at most 300 characters, without the secrets and what looks like one."""
    for secret in secrets:
        for spelling in {secret, quote(secret, safe="")} - {""}:
            text = text.replace(spelling, "***")
    text = _TOKENS.sub("***", _USERINFO.sub("***@", text))
    line = " ".join(_INVISIBLE.sub(" ", text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"

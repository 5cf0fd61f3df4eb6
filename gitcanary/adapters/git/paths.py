"""Paths that come from outside: what may be written at all, whatever asked for it."""

import re

from gitcanary.errors import Refused

# Characters that a file system of Apple's leaves out of a name, so that `.g<U+200C>it` would be `.git` there.
_IGNORED = dict.fromkeys([*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF])
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\\]")
_SHORT_NAMES = re.compile(r"git~\d+")


def components(path: str) -> tuple[str, ...]:
    """Split a path into its components. Raises `Refused` where it is not a plain way down from the root."""
    parts = tuple(path.split("/"))
    if any(part in {"", ".", ".."} for part in parts):
        raise Refused(f"not a path inside the repository: {path!r}")
    if _UNPRINTABLE.search(path):
        raise Refused(f"control characters and backslashes are not allowed in a path: {path!r}")
    if any(is_git_folder(part) for part in parts):
        raise Refused(f"a path into Git's own folder: {path!r}")
    return parts


def is_git_folder(name: str) -> bool:
    """Tell whether some file system would take this name for `.git`: another case, ignored characters, a short name."""
    seen = name.translate(_IGNORED).casefold().split(":", 1)[0].rstrip(". ")
    return seen == ".git" or _SHORT_NAMES.fullmatch(seen) is not None

"""Which paths inside a repository a spec may name."""

import unicodedata

from gitcanary.errors import InvalidLocation

_GIT_NAMES = frozenset((".git", "git~1"))
_LONGEST = 4096


def checked_path(text: str) -> str:
    """Return `text` if it is a plain relative path with `/` between its names; raises InvalidLocation otherwise.

    Refused: absolute paths, `.`, `..` and empty names, backslashes, control and format characters, and `.git` in every
    spelling that a file system takes for it (case, trailing dots and spaces, streams, `git~1`).
    """
    if problem := _problem(text):
        raise InvalidLocation(f"path {text[:100]!r}: {problem}")
    return text


def _problem(text: str) -> str | None:
    if not text or len(text) > _LONGEST:
        return "empty" if not text else f"longer than {_LONGEST} characters"
    if "\\" in text or any(unicodedata.category(letter).startswith("C") for letter in text):
        return "backslashes, control and format characters are not allowed"
    names = text.split("/")
    if "" in names:
        return "must be relative, without a name left empty between its slashes"
    if "." in names or ".." in names:
        return "`.` and `..` are not allowed"
    return "leads into Git's own folder" if any(map(_is_git, names)) else None


def _is_git(name: str) -> bool:
    """Tell whether NTFS or HFS+ would open Git's folder by this name, as Git itself guards against."""
    return name.partition(":")[0].rstrip(" .").casefold() in _GIT_NAMES

"""A folder on this machine as `ports.Files` has it: its one commit is what lies there now, in Git or not.

Nothing is followed out of it: a symbolic link is listed as one and never opened.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from gitcanary.errors import Forgotten, Usage
from gitcanary.manifests.catalog import blob_id, may_matter
from gitcanary.ports import Entry

NOW = "now"
_GIT = ".git"
_REGULAR, _LINK, _FOLDER = 0o100644, 0o120000, 0o040000


class Checkout:
    """The files below `under`, a folder of `root`; their paths are given from the root.

    Everything is read once. Only files that may matter are opened: of the others the blob is "".
    """

    def __init__(self, root: Path, under: str = "") -> None:
        self._root = root
        self._under = under
        self._contents: dict[str, bytes] = {}

    def entries(self, commit: str, folder: str = "") -> Mapping[str, Entry]:  # noqa: ARG002 - there is one commit
        """Return what lies directly in a folder, if there is one. Raises `Usage` where it cannot be read."""
        if not self._is_folder(folder):
            return {}
        with _scanned(self._root / folder) as listed:
            return {_text(each.name): self._entry(each) for each in listed if _is_listed(each)}

    def files(self, commit: str, under: str = "") -> Iterator[tuple[str, Entry]]:
        """Walk all files below a folder. Raises `Usage` where one of its folders cannot be read."""
        pending = [under or self._under]
        while pending:
            folder = pending.pop()
            prefix = f"{folder}/" if folder else ""
            entries = self.entries(commit, folder).items()
            yield from ((prefix + name, entry) for name, entry in entries if entry.mode != _FOLDER)
            pending.extend(prefix + name for name in self._folders_in(folder))

    def changes(self, old: str, new: str) -> frozenset[str]:
        """Return no path: there is nothing to compare with."""
        return frozenset() if old == new else frozenset(path for path, _ in self.files(new))

    def has(self, blob: str) -> bool:
        """Tell whether a file with this content was listed."""
        return blob in self._contents

    def read(self, blob: str) -> bytes:
        """Return the content of a file that was listed. Raises `Forgotten` for one that only Git could know."""
        if blob not in self._contents:
            raise Forgotten(f"{blob[:7]} is no version of a file that lies here")
        return self._contents[blob]

    def _is_folder(self, folder: str) -> bool:
        """Tell whether a path is a folder, reached through no symbolic link."""
        path = self._root / folder
        between = [path, *path.parents][: len(Path(folder).parts)]
        return path.is_dir() and not any(step.is_symlink() for step in between)

    def _folders_in(self, folder: str) -> list[str]:
        with _scanned(self._root / folder) as listed:
            return sorted(each.name for each in listed if each.is_dir(follow_symlinks=False) and each.name != _GIT)

    def _entry(self, found: "os.DirEntry[str]") -> Entry:
        if found.is_symlink():
            return Entry("", _LINK)
        if found.is_dir():
            return Entry("", _FOLDER)
        return Entry(self._blob(Path(found.path)) if may_matter(found.name) else "", _REGULAR)

    def _blob(self, path: Path) -> str:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise _unreadable(path, error) from error
        blob = blob_id(data)
        self._contents[blob] = data
        return blob


def _is_listed(found: "os.DirEntry[str]") -> bool:
    """Tell whether Git would list it, but for its own folder: sockets and the like are none of its affair."""
    return found.is_symlink() or found.is_file() or (found.is_dir() and found.name != _GIT)


def _scanned(folder: Path) -> "os._ScandirIterator[str]":
    try:
        return os.scandir(folder)
    except OSError as error:
        raise _unreadable(folder, error) from error


def _unreadable(path: Path, error: OSError) -> Usage:
    return Usage(f"{path} cannot be read: {error.strerror or error}")


def _text(name: str) -> str:
    """Return a file's name as Git would tell it, where it is no UTF-8 too."""
    return os.fsencode(name).decode("utf-8", "replace")

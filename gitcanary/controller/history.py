"""The branch's first-parent history, folder by folder: walked once for all canaries, and on from tip to tip."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import timedelta
from posixpath import dirname

from gitcanary.errors import Refused
from gitcanary.ports import Repository, Revised

KEPT = 65_536  # commits that come before everything is forgotten, and read again as far back as anybody asks
SLACK = timedelta(hours=1)  # by how much clocks of committers may differ


class History:
    """Which commits touched which folder, as far back as anybody asked.

    Commits are numbered along the chain, so that "at or before" is a comparison. What is forgotten, or was never on the
    chain of first parents, is asked of the repository.
    """

    def __init__(self, repository: Repository, kept: int = KEPT) -> None:
        self._repository = repository
        self._kept = kept
        self._tip: str | None = None
        self._begin(None)

    def __len__(self) -> int:
        return len(self._numbers)

    def follow(self, tip: str) -> None:
        """Take a new tip, and read what came since the last one."""
        if tip == self._tip:
            return
        newer = self._since(tip) if self._tip is not None else None
        if newer is None or self._newest + len(newer) >= self._kept:
            self._begin(tip)
        else:
            for revised in reversed(newer):
                self._newest += 1
                self._note(self._newest, revised)
        self._tip = tip

    def touching(self, commit: str, folder: str) -> Iterator[Revised]:
        """Walk the commits at or before one, newest first, that changed anything below a folder."""
        number = self._place(commit)
        if number is None:
            yield from self._repository.history(commit, [folder])
            return
        while (found := self._touched(folder, number)) is not None:
            yield self._repository.revised(self._commits[found])
            number = found - 1

    def newest(self, commit: str, folder: str) -> str | None:
        """Return the newest commit, at or before one, that changed anything below a folder."""
        number = self._place(commit)
        if number is None:
            found = next(self._repository.history(commit, [folder]), None)
            return found.commit if found else None
        touched = self._touched(folder, number)
        return None if touched is None else self._commits[touched]

    def is_ancestor(self, old: str, new: str) -> bool:
        """Tell whether `old` is `new` or an ancestor of it."""
        numbers = self._place(old), self._place(new)
        if numbers[0] is not None and numbers[1] is not None:
            return numbers[0] <= numbers[1]
        return self._repository.is_ancestor(old, new)

    def _begin(self, tip: str | None) -> None:
        self._frontier = tip  # the newest commit that was not read yet
        self._newest, self._oldest = -1, 0
        self._numbers: dict[str, int] = {}
        self._commits: dict[int, str] = {}
        self._folders: dict[str, list[int]] = {}

    def _since(self, tip: str) -> list[Revised] | None:
        """Return the commits after the last tip, newest first; None where that is not on the new tip's chain."""
        newer: list[Revised] = []
        commit: str | None = tip
        while commit is not None and len(newer) < self._kept:
            if commit == self._tip:
                return newer
            if commit in self._numbers:
                return None
            newer.append(self._repository.revised(commit))
            commit = newer[-1].parent
        return None

    def _note(self, number: int, revised: Revised) -> None:
        self._numbers[revised.commit] = number
        self._commits[number] = revised.commit
        for folder in self._folders_of(revised):
            numbers = self._folders.setdefault(folder, [])
            numbers.insert(0 if number < self._newest else len(numbers), number)

    def _folders_of(self, revised: Revised) -> set[str]:
        if revised.parent is None:
            paths = frozenset(path for path, _ in self._repository.files(revised.commit))
        else:
            paths = self._repository.changes(revised.parent, revised.commit)
        return {folder for path in paths for folder in _above(path)}

    def _extend(self) -> Revised | None:
        """Read one commit further back; None at the beginning of the history."""
        if self._frontier is None:
            return None
        revised = self._repository.revised(self._frontier)
        self._oldest -= 1
        self._note(self._oldest, revised)
        self._frontier = revised.parent
        return revised

    def _touched(self, folder: str, number: int) -> int | None:
        """Return the newest number, up to one, that touched a folder, reading as far back as that takes."""
        while True:
            numbers = self._folders.get(folder, ())
            index = bisect_right(numbers, number)
            if index:
                return numbers[index - 1]
            if self._extend() is None:
                return None

    def _place(self, commit: str) -> int | None:
        """Return a commit's number, None where it is not on the chain.

        Commit dates say how far back it can be. Where they lie, that costs a walk through the repository.
        """
        number = self._numbers.get(commit)
        if number is not None or self._frontier is None or self._tip is None:
            return number
        try:
            earliest = self._repository.revised(commit).committed_at - SLACK
        except Refused:
            return None
        while commit not in self._numbers:
            read = self._extend()
            if read is None or read.committed_at < earliest:
                break
        return self._numbers.get(commit)


def _above(path: str) -> Iterator[str]:
    """Yield every folder that a file is in, up to the root."""
    folder = dirname(path)
    while folder:
        yield folder
        folder = dirname(folder)
    yield ""

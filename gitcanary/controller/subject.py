"""One canary of the repository, as one commit holds it."""

from dataclasses import dataclass, field
from posixpath import basename, dirname
from typing import NamedTuple

from gitcanary.errors import Refused
from gitcanary.manifests import names
from gitcanary.manifests.catalog import Folder, folder
from gitcanary.manifests.recent import Recent
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.ports import Entry, Files
from gitcanary.rollout.state import Record

REMEMBERED = 4096  # folders of which the list of files is kept
HELD = 4 << 20  # bytes of files that are kept


class Key(NamedTuple):
    """Which canary: its folder and its Canary's name. Two clusters' folders may hold the same name."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A canary whose Canary is valid, or was until it was deleted (`is_gone`), and its record if there is one.

    Where it `is_former`, the `canary` is that of the last decision, and the present one is unfit.
    """

    key: Key
    canary: Canary
    folder: Folder = field(repr=False)
    record: Record | None
    record_blob: str | None
    is_gone: bool = False

    @property
    def is_former(self) -> bool:
        """Whether the Canary cannot be honoured as it is now, so that nothing but the way back is open."""
        return self.canary.spec.is_former

    @property
    def title(self) -> str:
        """How people call it."""
        return f"{self.canary.namespace}/{self.canary.name}"

    @property
    def record_name(self) -> str:
        """The name of the record's file."""
        return names.record_file(self.canary)

    @property
    def record_file(self) -> str:
        """The record's path from the root."""
        return self.folder.full(self.record_name)


@dataclass(frozen=True, slots=True)
class Unfit:
    """A Canary, or a record, that stops its canary: the reason, and the weights stay as they are."""

    key: Key
    refusal: Refused


def folder_of(path: str) -> str:
    """Return the folder of a file, "" for the root."""
    return dirname(path)


class Folders:
    """The folders of any commit; a file is read when it is needed, and parsed once per content."""

    def __init__(self, repository: Files) -> None:
        self._repository = repository
        self._folders: Recent[object, Folder] = Recent(REMEMBERED)
        self._blobs: Recent[str, bytes] = Recent(HELD, len)

    def at(self, commit: str, path: str, further: frozenset[str] = frozenset()) -> Folder:
        """Return one folder of one commit, with the files `further`, which may lie in folders below it."""
        return self._folders.get((commit, path, further), lambda: self._read(commit, path, further))

    def _read(self, commit: str, path: str, further: frozenset[str]) -> Folder:
        entries = {**self._repository.entries(commit, path), **self._below(commit, path, further)}
        content = sorted((name, entry.blob, entry.mode) for name, entry in entries.items())
        return folder(path, content, self._blob, further)

    def _below(self, commit: str, path: str, further: frozenset[str]) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for below in {dirname(name) for name in further} - {""}:
            entries = self._repository.entries(commit, f"{path}/{below}" if path else below)
            names = (name for name in further if dirname(name) == below and basename(name) in entries)
            found |= {name: entries[basename(name)] for name in names}
        return found

    def _blob(self, blob: str) -> bytes:
        return self._blobs.get(blob, lambda: self._repository.read(blob))

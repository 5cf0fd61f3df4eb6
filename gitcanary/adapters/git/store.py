"""Objects by their ids, as bytes: what is written stands in memory until its batch ends, and then in one pack.

Thousands of loose files would cost more than all else that writing a round takes, and once more when it is pushed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from tempfile import TemporaryFile
from typing import BinaryIO

from dulwich.object_format import SHA1
from dulwich.pack import UnpackedObject, write_pack_data
from pygit2 import GitError, Repository
from pygit2.enums import ObjectType

Entry = bytes
"""One line of a folder as Git has it: mode, name and id."""
Listing = Mapping[str, Entry]
"""A folder: its entries by their names, in Git's order."""

_ENTRY = re.compile(rb"[0-7]+ ([^\0]+)\0.{20}", re.DOTALL)
_WORDS = {ObjectType.BLOB: b"blob", ObjectType.TREE: b"tree", ObjectType.COMMIT: b"commit"}
_FEW = 64  # objects: up to so many, loose files cost less than a process
_REMEMBERED = 4096  # folders
_FOLDER = 0o040000
_ID = 20  # bytes of an id


@dataclass(slots=True)
class Store:
    """The objects of one repository, for one thread. `index_pack` hands a pack to `git index-pack`."""

    repository: Repository
    index_pack: Callable[[BinaryIO], None]
    _pending: dict[str, tuple[ObjectType, bytes]] | None = None
    _listings: dict[str, Listing] = field(default_factory=dict)

    def begin(self) -> None:
        """Begin a batch: what is added stays in memory."""
        self._pending = {}

    def forget(self) -> None:
        """End a batch; what was not written is lost."""
        self._pending = None

    def add(self, kind: ObjectType, data: bytes) -> str:
        """Add an object and return its id."""
        if self._pending is None:
            return str(self.repository.write(kind, data))
        name = sha1(b"%s %d\0%s" % (_WORDS[kind], len(data), data), usedforsecurity=False).hexdigest()
        self._pending[name] = kind, data
        return name

    def read(self, name: str) -> bytes:
        """Return an object's content, whether it was written yet or not."""
        pending = self._pending and self._pending.get(name)
        return pending[1] if pending else self.repository.read(name)[1]

    def holds(self, name: str) -> bool:
        """Tell whether an object was added in this batch."""
        return self._pending is not None and name in self._pending

    def listing(self, tree: str) -> Listing:
        """Return what a folder holds."""
        known = self._listings.get(tree)
        if known is None:
            known = _listed(self.read(tree))
            self._remember(tree, known)
        return known

    def add_listing(self, listing: Listing, *, is_sorted: bool) -> str:
        """Add a folder and return its id; `is_sorted` where its names stand in Git's order already."""
        ordered = listing if is_sorted else dict(sorted(listing.items(), key=_place))
        tree = self.add(ObjectType.TREE, b"".join(ordered.values()))
        self._remember(tree, ordered)
        return tree

    def _remember(self, tree: str, listing: Listing) -> None:
        if len(self._listings) >= _REMEMBERED:
            self._listings.clear()
        self._listings[tree] = listing

    def write(self) -> None:
        """Write what was added in this batch."""
        pending = self._pending or {}
        if len(pending) <= _FEW:
            for kind, data in pending.values():
                self.repository.write(kind, data)
            return
        with TemporaryFile() as pack:
            records = (_unpacked(name, kind, data) for name, (kind, data) in pending.items())
            write_pack_data(pack.write, records, SHA1, num_records=len(pending), compression_level=1)
            pack.seek(0)
            self.index_pack(pack)


def entry(mode: int, name: str, oid: str) -> Entry:
    """Return an entry as it stands in a folder."""
    return b"%o %s\0%s" % (mode, name.encode("utf-8", "surrogateescape"), bytes.fromhex(oid))


def mode_of(entry: Entry) -> int:
    """Return the mode of an entry."""
    return int(entry.partition(b" ")[0], 8)


def id_of(entry: Entry) -> str:
    """Return the id of what an entry names."""
    return entry[-_ID:].hex()


def _listed(data: bytes) -> Listing:
    listing = {found[1].decode("utf-8", "surrogateescape"): found[0] for found in _ENTRY.finditer(data)}
    if sum(map(len, listing.values())) < len(data):
        raise GitError("a folder that is no folder, or holds one name twice")
    return listing


def _unpacked(name: str, kind: ObjectType, data: bytes) -> UnpackedObject:
    return UnpackedObject(int(kind), sha=bytes.fromhex(name), decomp_chunks=[data], decomp_len=len(data))


def _place(item: tuple[str, Entry]) -> bytes:
    """Return by what Git orders a folder's entries: their bytes, folders as if they ended in a slash."""
    name, entry = item
    return name.encode("utf-8", "surrogateescape") + (b"/" if mode_of(entry) == _FOLDER else b"")

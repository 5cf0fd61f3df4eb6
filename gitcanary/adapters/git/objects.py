"""Blobs, trees and commits of a bare repository: read and written without a worktree, an index or a moved ref."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import local
from typing import BinaryIO

import pygit2
from pygit2 import Commit, GitError, Repository, Tree
from pygit2.enums import ObjectType

from gitcanary.adapters.git import edits, trees
from gitcanary.adapters.git.command import run
from gitcanary.adapters.git.identity import Identity, Person
from gitcanary.adapters.git.redaction import one_line
from gitcanary.adapters.git.signers import AllowedSigners
from gitcanary.adapters.git.signing import parted, signed
from gitcanary.adapters.git.store import Store
from gitcanary.errors import Refused, Unreachable
from gitcanary.ports import Entry, Revised, Signed

_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Large folders are read at every step of a walk through history; by default libgit2 keeps only trees below 4 KB.
pygit2.option(pygit2.enums.Option.SET_CACHE_OBJECT_LIMIT, pygit2.enums.ObjectType.TREE, 4 * 1024 * 1024)
_REMEMBERED = 65_536  # commits whose signature was checked
_INDEXING = timedelta(minutes=5)
_DIRT = "".join(map(chr, range(33))) + ".,:;<>\"\\'"  # libgit2's, and git's
_NEWEST = int(datetime.max.replace(microsecond=0, tzinfo=UTC).timestamp())


class Objects:
    """The objects of one bare repository.

    Safe to use from several threads at once: each has a handle of its own, and objects never change. What was written
    stays, as nothing collects garbage here.
    """

    def __init__(self, folder: Path, identity: Identity) -> None:
        self._folder = folder
        self._identity = identity
        self._signatures: dict[str, Signed] = {}
        self._handles = local()
        self._damaged: Path | None = None

    def entries(self, commit: str, folder: str = "") -> Mapping[str, Entry]:
        """Return what lies directly in a folder of a commit, by name."""
        with self._reading():
            found = trees.find(self._commit(commit).tree, folder)
            children = found if isinstance(found, Tree) else ()
            return {str(child.name): trees.entry_of(child) for child in children}

    def files(self, commit: str, under: str = "") -> Iterator[tuple[str, Entry]]:
        """Walk all files of a commit below a folder."""
        with self._reading():
            found = trees.find(self._commit(commit).tree, under)
            if isinstance(found, Tree):
                for path, file in trees.walk(found, under):
                    yield path, trees.entry_of(file)

    def changes(self, old: str, new: str) -> frozenset[str]:
        """Return the paths whose entry differs between two commits."""
        with self._reading():
            return frozenset(trees.differences(self._store, self._tree(old), self._tree(new)))

    def has(self, blob: str) -> bool:
        """Tell whether there is such a blob."""
        return _OBJECT_ID.fullmatch(blob) is not None and blob in self._repository

    def read(self, blob: str) -> bytes:
        """Return a blob's content."""
        with self._reading():
            return self._repository.read(blob)[1]

    def revised(self, commit: str) -> Revised:
        """Return one commit's facts; its id may be shortened. Raises `Refused` where it was not fetched."""
        with self._reading():
            return _facts(self._commit(commit))

    def history(self, tip: str, paths: Iterable[str]) -> Iterator[Revised]:
        """Walk first parents from the tip, yielding the commits that changed any of the paths, and read no further."""
        wanted = [tuple(path.split("/")) if path else () for path in paths]
        with self._reading():
            commit: Commit | None = self._commit(tip)
            while commit is not None:
                parent = self._first_parent(commit)
                before = None if parent is None else parent.tree
                if any(trees.differs_at(before, commit.tree, path) for path in wanted):
                    yield _facts(commit)
                commit = parent

    def signature(self, commit: str) -> Signed:
        """Tell what a commit's signature is worth; checked once, in this process."""
        signers = self._identity.signers
        if signers is None:
            return Signed.UNCHECKED
        known = self._signatures.get(commit)
        if known is None:
            if len(self._signatures) >= _REMEMBERED:
                self._signatures.clear()
            with self._reading():
                known = self._signatures[commit] = _verified(self._commit(commit), signers)
        return known

    def is_ancestor(self, old: str, new: str) -> bool:
        """Tell whether `old` is `new` or an ancestor of it; False where either is not known here."""
        with self._reading():
            try:
                ancestor, descendant = self._commit(old), self._commit(new)
            except Refused:
                return False
            return ancestor.id == descendant.id or self._repository.descendant_of(descendant.id, ancestor.id)

    def commit(self, parent: str, files: Mapping[str, bytes | None], message: str, at: datetime) -> str:
        """Write a commit on top of `parent` and return its id.

        Raises `Refused` for a path that is unsafe, or that is or leads through a symbolic link or a submodule.
        """
        with self._reading():
            tree = edits.apply(self._store, self._tree(parent), files)
            base = parent if self._store.holds(parent) else str(self._commit(parent).id)
            raw = _commit_bytes(tree, base, self._identity, message, at)
            return self._store.add(ObjectType.COMMIT, signed(raw, self._identity.key))

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Write the commits that this thread makes inside together when it ends; none of them is on disk before.

        Inside, only `commit` and `changes` know of them.
        """
        store = self._store
        store.begin()
        try:
            yield
            with self._reading():
                store.write()
        finally:
            store.forget()

    def index_pack(self, pack: BinaryIO) -> None:
        """Take a pack into the repository. Raises `Unreachable` where that cannot be."""
        indexed = run(self._folder, ("index-pack", "--stdin"), {}, frozenset(), _INDEXING, given=pack)
        if not indexed.is_success:
            raise Unreachable(f"the commits cannot be written: {one_line(indexed.complained)}")

    @property
    def _repository(self) -> Repository:
        """This thread's handle. A folder that was replaced is opened anew."""
        if getattr(self._handles, "folder", None) != self._folder:
            self._handles.repository = Repository(str(self._folder))
            self._handles.store = Store(self._handles.repository, self.index_pack)
            self._handles.folder = self._folder
        opened: Repository = self._handles.repository
        return opened

    @property
    def _store(self) -> Store:
        """This thread's store."""
        _ = self._repository
        store: Store = self._handles.store
        return store

    def _tree(self, commit: str) -> str:
        """Return a commit's tree, also where the commit was not written yet."""
        if self._store.holds(commit):
            return self._store.read(commit)[len("tree ") :].split(b"\n", 1)[0].decode()
        return str(self._commit(commit).tree_id)

    def _commit(self, commit: str) -> Commit:
        try:
            return self._repository[commit].peel(Commit)
        except (KeyError, ValueError) as error:
            raise Refused(f"no commit {commit[:64]!r} in the history that was fetched") from error

    def _first_parent(self, commit: Commit) -> Commit | None:
        return self._repository[commit.parent_ids[0]].peel(Commit) if commit.parent_ids else None

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn what libgit2 says about objects that it cannot read into an outage, and remember where that was."""
        folder = self._folder
        try:
            yield
        except (GitError, KeyError, OSError) as error:
            self._damaged = folder
            raise Unreachable(f"the clone cannot be read: {error}") from error


def _commit_bytes(tree: str, parent: str, identity: Identity, message: str, at: datetime) -> bytes:
    author, committer = (f"{_named(who)} {int(at.timestamp())} +0000" for who in (identity.author, identity.committer))
    text = message.rstrip("\n")
    return f"tree {tree}\nparent {parent}\nauthor {author}\ncommitter {committer}\n\n{text}\n".encode()


def _named(person: Person) -> str:
    """Return a person as Git writes one: names do not begin or end with what it takes for dirt."""
    return f"{person.name.strip(_DIRT)} <{person.email.strip(_DIRT)}>"


def _facts(commit: Commit) -> Revised:
    author, committer = commit.author, commit.committer
    parents = commit.parent_ids
    return Revised(
        commit=str(commit.id),
        parent=str(parents[0]) if parents else None,
        author=_text(author.raw_name),
        author_email=_text(author.raw_email),
        committer=_text(committer.raw_name),
        committer_email=_text(committer.raw_email),
        committed_at=_instant(commit.commit_time),
        message=_text(commit.raw_message),
        merged=tuple(str(parent) for parent in parents[1:]),
    )


def _verified(commit: Commit, signers: AllowedSigners) -> Signed:
    payload, signature = parted(commit.read_raw())
    if signature is None:
        return Signed.MISSING
    email, at = _text(commit.committer.raw_email), _instant(commit.commit_time)
    return Signed.GOOD if signers.verify(signature, payload, email, at) else Signed.WRONG


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _instant(seconds: int) -> datetime:
    """Read a committer date. Anybody can write one that no calendar holds; it must not stop a walk."""
    return datetime.fromtimestamp(min(max(seconds, 0), _NEWEST), UTC)

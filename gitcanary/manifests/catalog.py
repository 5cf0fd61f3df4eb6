"""The objects of a canary's folder, each file parsed once per blob and only when something in it is needed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha1
from pathlib import PurePosixPath
from typing import TypeAlias, TypeGuard

from gitcanary.errors import InvalidFile
from gitcanary.manifests.recent import Recent
from gitcanary.manifests.text.documents import Document, line_of, parse
from gitcanary.manifests.text.values import Place, Value

Object: TypeAlias = dict[str, Value]

MANIFESTS = frozenset({".yaml", ".yml", ".json"})
RECORD = ".rollout"
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")  # in the order in which Kustomize looks
_REMEMBERED = 6 << 20  # characters whose parsed content is kept, a thousand canaries': in memory eight times as much
_SMALLEST = 64  # what even an empty file weighs
_REGULAR = frozenset({0o100644, 0o100755})


@dataclass(frozen=True, slots=True)
class File:
    """One file of a folder: its name there, its blob's id, and its content or what reads it when it is needed."""

    name: str
    blob: str
    source: bytes | Callable[[str], bytes] = field(repr=False, compare=False)

    @property
    def data(self) -> bytes:
        """The content."""
        return self.source if isinstance(self.source, bytes) else self.source(self.blob)

    @property
    def documents(self) -> tuple[Document, ...]:
        """The parsed documents; raises `InvalidFile`."""
        parsed = _PARSED.get(self.blob, lambda: _parsed(self.data))
        if isinstance(parsed, InvalidFile):
            raise parsed.within(self.name)
        return parsed

    def objects(self) -> Iterator[tuple[Document, Object]]:
        """Walk the documents that are Kubernetes objects; raises `InvalidFile`."""
        for document in self.documents:
            if is_object(document.value):
                yield document, document.value


@dataclass(frozen=True, slots=True)
class Found:
    """An object, and where it stands: the file's name and the document in it."""

    file: str
    document: Document = field(repr=False)
    value: Object

    def place(self, *path: str | int) -> Place:
        """Return the place of what stands at `path` in this object."""
        return Place(self.document.index, path)

    def line(self, *path: str | int) -> int:
        """Return the line of what stands at `path`, or of its nearest parent that is there."""
        return line_of(self.document, path)


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of one commit: `path` from the repository's root ("" is the root), the files that matter by name.

    Of what lies in folders below, only files that locations name are here, as `below/name`; objects are not looked for
    there. `links` are the names of what is no file and matters: symlinks, submodules and folders, never followed.
    """

    path: str
    files: Mapping[str, File]
    links: frozenset[str] = frozenset()

    def holding(self, name: str, data: bytes) -> "Folder":
        """Return the folder with this content in one of its files."""
        return replace(self, files={**self.files, name: File(name, blob_id(data), data)})

    @property
    def content(self) -> tuple[tuple[str, str], ...]:
        """What the folder holds, as the names and ids of its files: equal where nothing differs."""
        return tuple((name, file.blob) for name, file in self.files.items())

    def full(self, name: str) -> str:
        """Return a file's path from the repository's root."""
        return f"{self.path}/{name}" if self.path else name

    @property
    def kustomization(self) -> Found | None:
        """The `kustomization.yaml` of the folder, empty if it holds nothing; raises `InvalidFile`."""
        file = next((self.files[name] for name in KUSTOMIZATIONS if name in self.files), None)
        if file is None:
            return None
        document = next(iter(file.documents), Document(0, 1, None, ""))
        return Found(file.name, document, document.value if isinstance(document.value, dict) else {})

    @property
    def namespace(self) -> str | None:
        """The namespace that the kustomization gives to every object; None where there is none or it cannot be read."""
        try:
            found = self.kustomization
        except InvalidFile:
            return None
        namespace = found.value.get("namespace") if found else None
        return namespace if isinstance(namespace, str) else None

    def find(self, kind: str, name: str, namespace: str) -> Found | None:
        """Find an object; one that states no namespace is in the kustomization's, else in whichever is asked for.

        Files that cannot be read are passed over: `unreadable` names them where something is missing.
        """
        return next(self.find_all(kind, namespace, name), None)

    def find_all(self, kind: str, namespace: str, name: str | None = None) -> Iterator[Found]:
        """Walk the objects of a kind in a namespace, file by file, in the order of the files' names."""
        words = [kind.encode()] if name is None else [kind.encode(), name.encode()]
        for file in self._named_manifests():
            for document in _readable(file, words):
                value = document.value
                if is_object(value) and _is(value, kind, name) and self._is_in(value, namespace):
                    yield Found(file.name, document, value)

    def unreadable(self) -> tuple[InvalidFile, ...]:
        """Return why files of the folder cannot be read."""
        return tuple(trouble for file in self._named_manifests() if (trouble := _trouble(file)))

    def _named_manifests(self) -> Iterator[File]:
        return (self.files[name] for name in sorted(self.files) if is_manifest(name))

    def _is_in(self, value: Object, namespace: str) -> bool:
        stated = self.namespace or text_at(value, "metadata", "namespace")
        return stated is None or stated == namespace


def folder(
    path: str,
    entries: Iterable[tuple[str, str, int]],
    read: Callable[[str], bytes],
    further: frozenset[str] = frozenset(),
) -> Folder:
    """Build a folder from the entries of a tree, as (name, blob, Git mode); a file is read when it is needed.

    The files `further` matter whatever they are called.
    """
    listed = list(entries)
    wanted = [(name, blob) for name, blob, mode in listed if mode in _REGULAR and (name in further or may_matter(name))]
    links = frozenset(
        name for name, _, mode in listed if mode not in _REGULAR and (name in further or may_matter(name))
    )
    return Folder(path, {name: File(name, blob, read) for name, blob in wanted}, links)


def blob_id(data: bytes) -> str:
    """Return the id that Git gives to this content."""
    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def forget_parsed() -> None:
    """Let go of what was parsed so far: it is parsed again where it is needed."""
    _PARSED.clear()


def may_matter(name: str) -> bool:
    """Tell whether a file of this name is read at all: a manifest, a kustomization, a chart or a record."""
    return PurePosixPath(name).suffix in MANIFESTS | {RECORD} or name in KUSTOMIZATIONS


def is_manifest(name: str) -> bool:
    """Tell whether a file lies directly in its folder and may hold objects."""
    return "/" not in name and PurePosixPath(name).suffix in MANIFESTS


def is_object(value: Value) -> TypeGuard[Object]:
    """Tell whether a document is a Kubernetes object: a mapping with a kind and a name."""
    return text_at(value, "kind") is not None and text_at(value, "metadata", "name") is not None


def mapping_at(value: Value, *path: str) -> Object:
    """Return the mapping at `path`, an empty one where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def list_at(value: Value, *path: str) -> list[Value]:
    """Return the list at `path`, an empty one where there is none."""
    found = mapping_at(value, *path[:-1]).get(path[-1])
    return found if isinstance(found, list) else []


def text_at(value: Value, *path: str) -> str | None:
    """Return the text at `path`, None where there is none."""
    found = mapping_at(value, *path[:-1]).get(path[-1])
    return found if isinstance(found, str) else None


def _parsed(data: bytes) -> tuple[Document, ...] | InvalidFile:
    try:
        return parse(data)
    except InvalidFile as trouble:
        return trouble


def _size(parsed: tuple[Document, ...] | InvalidFile) -> int:
    return _SMALLEST + (len(parsed[0].text) if isinstance(parsed, tuple) and parsed else 0)


_PARSED: Recent[str, tuple[Document, ...] | InvalidFile] = Recent(_REMEMBERED, _size)


def _readable(file: File, words: Iterable[bytes]) -> tuple[Document, ...]:
    """Return a file's documents; none where it cannot be read. One that lacks a word is not parsed."""
    data = file.data
    if not all(word in data for word in words):
        return ()
    try:
        return file.documents
    except InvalidFile:
        return ()


def _trouble(file: File) -> InvalidFile | None:
    try:
        _ = file.documents
    except InvalidFile as trouble:
        return trouble
    return None


def _is(value: Object, kind: str, name: str | None) -> bool:
    return value.get("kind") == kind and (name is None or text_at(value, "metadata", "name") == name)

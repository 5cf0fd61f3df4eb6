"""The Canaries of a folder: each one read, or the reason why it cannot be honoured."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from gitcanary.errors import InvalidFile, InvalidSpec, Problem, Refused
from gitcanary.manifests import declared
from gitcanary.manifests.catalog import File, Folder, is_manifest
from gitcanary.manifests.recent import Recent
from gitcanary.manifests.schema import canary_file
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.text.documents import Document, line_of
from gitcanary.manifests.text.values import Path

_ACTED_ON = frozenset("[]#@")  # what a forge or a CI acts on in a commit message
_PATH = "the path of a Canary is one line of printable characters without [ ] # @, and no folder ends with a space"
_REMEMBERED = 4096  # Canaries that are kept read


def may_hold_canary(data: bytes) -> bool:
    """Tell by its bytes whether a file may hold a Canary, without parsing it."""
    return b"Canary" in data


def is_plain(path: str) -> bool:
    """Tell whether a Canary's path may stand in a commit message, as one trailer and nothing else."""
    return (
        path.isprintable() and not any(part != part.strip() for part in path.split("/")) and not set(path) & _ACTED_ON
    )


def read_canaries(folder: Folder) -> list[Canary | Refused]:
    """Read every Canary of a folder: each one valid, or the reason why it is not (`InvalidSpec`, `InvalidFile`).

    Two that share a target, a Service, the name of their files or a value that both would write are both refused; by
    the value itself where the folder holds its file, however it is spelt, and else by its location.
    """
    read = [
        canary
        for name in sorted(folder.files)
        if is_manifest(name) and may_hold_canary(folder.files[name].data)
        for canary in _canaries_in(folder, folder.files[name])
    ]
    valid = [canary for canary in read if isinstance(canary, Canary)]
    claims = Counter(claim for each in valid for claim in {claim for _, claim in _claims(folder, each)})
    return [_alone(folder, canary, claims) if isinstance(canary, Canary) else canary for canary in read]


def read_former(folder: Folder, blob: str, data: bytes, name: str) -> Canary:
    """Read the Canary `namespace/name` again that was deleted, from the file's content in blob `blob`.

    Raises `Refused` where it is not in there, or cannot be honoured any more.
    """
    for canary in _canaries_in(folder, File(blob, blob, data)):
        if isinstance(canary, Refused):
            raise canary
        if f"{canary.namespace}/{canary.name}" == name:
            return canary
    raise InvalidFile(f"holds no Canary {name}", file=blob)


def _canaries_in(folder: Folder, file: File) -> Iterator[Canary | Refused]:
    """Yield the Canaries of a file. Its path is part of messages, so not everything may stand in one."""
    path = folder.full(file.name)
    try:
        documents = file.documents
    except InvalidFile as trouble:
        yield trouble.within(path)
        return
    for document in documents:
        if canary_file.is_canary(document.value):
            yield _canary(folder, file, document) if is_plain(path) else InvalidFile(_PATH, file=path, line=1)


def _canary(folder: Folder, file: File, document: Document) -> Canary | Refused:
    about = (folder.full(file.name), file.blob, document.index, folder.namespace)
    return _READ.get(about, lambda: _canary_of(document, *about))


def _canary_of(document: Document, path: str, blob: str, _index: int, namespace: str | None) -> Canary | Refused:
    try:
        return canary_file.read(document, path, blob, namespace)
    except Refused as refusal:
        return refusal.with_traceback(None)


_READ: Recent[tuple[str, str, int, str | None], Canary | Refused] = Recent(_REMEMBERED)


def _alone(folder: Folder, canary: Canary, claims: Mapping[object, int]) -> Canary | Refused:
    shared = dict.fromkeys(path for path, claim in _claims(folder, canary) if claims[claim] > 1)
    return InvalidSpec(tuple(_shared(folder, canary, path) for path in shared)) if shared else canary


def _claims(folder: Folder, canary: Canary) -> Iterator[tuple[Path, object]]:
    """Walk what no other Canary of the folder may have, with the field that says so; the name is that of its files."""
    yield ("metadata", "name"), ("name", canary.name)
    yield ("spec", "targetRef", "name"), ("target", canary.namespace, canary.target)
    yield ("spec", "service"), ("service", canary.namespace, canary.service.name)
    for location in canary.written:
        yield canary.gitops, declared.place(folder, location) or location


def _shared(folder: Folder, canary: Canary, path: Path) -> Problem:
    document = folder.files[PurePosixPath(canary.file).name].documents[canary.index]
    seen = "the same in another Canary of this folder"
    allowed = "one Canary for each target, Service, name and value; a folder of its own for each cluster"
    return Problem(canary.file, line_of(document, path), ".".join(map(str, path)), seen, allowed)

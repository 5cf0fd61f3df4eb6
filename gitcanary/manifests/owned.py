"""The manifests that gitcanary owns: rendered once, afterwards only what a decision changes is written anew."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from gitcanary.errors import Unspliceable
from gitcanary.manifests import weights
from gitcanary.manifests.catalog import Folder, Found, mapping_at, text_at
from gitcanary.manifests.pieces import RIDES_ALONG, SCALING, Piece
from gitcanary.manifests.rendering import render
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.manifests.text.documents import parse
from gitcanary.manifests.text.graft import ABSENT, graft
from gitcanary.manifests.text.values import Path, Value, are_same, has, value_at

_SEPARATOR = "---\n"
_MARK = "# Owned by gitcanary for canary "
_LEADING_COMMENTS = re.compile(r"(?:#.*\n)*")
_HTTP: Path = ("spec", "http", 0)
_DESCRIBED: dict[str, tuple[Path, ...]] = {
    "Deployment": (("spec", "template"), *(("spec", key) for key in RIDES_ALONG)),
    "HorizontalPodAutoscaler": tuple(("spec", key) for key in SCALING),
    "ConfigMap": (("data",), ("binaryData",)),
    "Service": (("spec", "selector"), ("spec", "ports")),
    "DestinationRule": (("spec", "trafficPolicy"),),
    "VirtualService": (
        ("spec", "gateways"),
        ("spec", "hosts"),
        *((*_HTTP, policy) for policy in ("retries", "timeout", "headers")),
    ),
}
_WITH_METADATA_OF_SPEC = frozenset({"Service", "VirtualService"})


@dataclass(frozen=True, slots=True)
class OwnedFile:
    """One file that gitcanary writes, in one folder, for one canary."""

    folder: Folder
    canary: Canary
    name: str

    def with_missing(self, pieces: Sequence[Piece]) -> Folder:
        """Return the folder with every piece in this file that no file of the folder holds yet.

        What comes before all pieces that are there is put first, everything else at the end.
        """
        missing = [piece for piece in pieces if self._find(piece) is None]
        if not missing:
            return self.folder
        if self.name not in self.folder.files:
            return self.folder.holding(self.name, (self._header() + self._text(missing)).encode())
        present = [pieces.index(piece) for piece in pieces if piece not in missing]
        first = [piece for piece in missing if pieces.index(piece) < min(present, default=0)]
        return self._extended(first, [piece for piece in missing if piece not in first])

    def renewed(self, pieces: Sequence[Piece], former: Sequence[Piece] = ()) -> Folder:
        """Return the folder with the values of these pieces in those of them that this file holds.

        Only what a decision or the spec describes is looked at; what else somebody wrote there stays. Labels and
        annotations that the `former` pieces had, and these have not, go where nobody gave them another value.
        """
        folder, before = self.folder, {(piece.kind, piece.name): piece for piece in former}
        for piece in pieces:
            old = before.get((piece.kind, piece.name))
            folder = folder.holding(self.name, replace(self, folder=folder).renewed_data(piece, old))
        return folder

    def without(self, kind: str, kept: Sequence[str]) -> Folder:
        """Return the folder without the objects of a kind in this file, but for those with these names."""
        data = self.folder.files[self.name].data
        for found in reversed(list(self._objects(kind))):
            if text_at(found.value, "metadata", "name") not in kept:
                data = graft(data, found.place(), ABSENT, file=self.folder.full(self.name))
        return self.folder.holding(self.name, data)

    def without_replicas(self) -> Folder:
        """Return the folder without a number of replicas in the workload of this file: an autoscaler has it now."""
        data = self.folder.files[self.name].data
        for found in self._objects("Deployment"):
            data = graft(data, found.place("spec", "replicas"), ABSENT, file=self.folder.full(self.name))
        return self.folder.holding(self.name, data)

    def _objects(self, kind: str) -> Iterator[Found]:
        return (found for found in self.folder.find_all(kind, self.canary.namespace) if found.file == self.name)

    def renewed_data(self, piece: Piece, former: Piece | None = None) -> bytes:
        """Return the content of this file with the values of one piece in it, and without what `former` alone gave."""
        found = self._find(piece)
        data = self.folder.files[self.name].data
        if found is None or found.file != self.name:
            return data
        rendered, old = (parse(self._text([each or piece]).encode())[0].value for each in (piece, former))
        gone = list(_outlived(found.value, rendered, old))
        for path in (*gone, *_differing(found.value, rendered, self._route(found))):
            new = value_at(rendered, path) if has(rendered, path) else ABSENT
            place = found.place(*_in_route(path, self._route(found)))
            data = graft(data, place, new, file=self.folder.full(self.name))
        return data

    def _route(self, found: Found) -> int:
        """Return which http route is ours, where somebody put another one before it."""
        return next((split.route for split in weights.splits(found, self.canary)), 0)

    def _extended(self, first: Sequence[Piece], last: Sequence[Piece]) -> Folder:
        text = self.folder.files[self.name].data.decode()
        start = _LEADING_COMMENTS.match(text).end()  # type: ignore[union-attr]  # matches the empty text too
        body = text[start:] if text.endswith("\n") else f"{text[start:]}\n"
        before = self._text(first) + ("" if body.startswith("---") or not first else _SEPARATOR)
        after = _SEPARATOR + self._text(last) if last else ""
        data = f"{text[:start]}{before}{body}{after}".encode()
        self._check(data, len(first), len(last))
        return self.folder.holding(self.name, data)

    def _check(self, data: bytes, first: int, last: int) -> None:
        old = [document.value for document in self.folder.files[self.name].documents]
        new = [document.value for document in parse(data)]
        if len(new) != first + len(old) + last or not are_same(new[first : len(new) - last], old):
            raise Unspliceable("objects cannot be added without changing others", file=self.folder.full(self.name))

    def _find(self, piece: Piece) -> Found | None:
        return self.folder.find(piece.kind, piece.name, self.canary.namespace)

    def _text(self, pieces: Sequence[Piece]) -> str:
        return _SEPARATOR.join(render(piece.template, piece.context) for piece in pieces)

    def _header(self) -> str:
        context = {"mark": mark(self.canary), "source": PurePosixPath(self.canary.file).name}
        return render("manifests/header.yaml.j2", context)


def mark(canary: Canary) -> str:
    """Return what a file of gitcanary's for this canary begins with."""
    return f"{_MARK}{canary.namespace}/{canary.name}."


def is_some_canarys(data: bytes) -> bool:
    """Tell by its first line whether a file is one that gitcanary wrote, for whichever canary."""
    return data.startswith(_MARK.encode())


def is_ours(data: bytes, canary: Canary) -> bool:
    """Tell by its first line whether a file is one that gitcanary wrote for this canary."""
    return data.startswith(mark(canary).encode())


def _differing(present: Value, rendered: Value, route: int) -> Iterator[Path]:
    """Yield the paths, as rendered, whose values differ; `route` is the position of our http route in the file."""
    for path in _described(rendered):
        there = _in_route(path, route)
        is_there, is_wanted = has(present, there), has(rendered, path)
        if is_there != is_wanted or (is_wanted and not are_same(value_at(present, there), value_at(rendered, path))):
            yield path
    if has(present, ("spec", "replicas")) and not has(rendered, ("spec", "replicas")):
        yield ("spec", "replicas")  # an autoscaler has it now


def _outlived(present: Value, rendered: Value, former: Value) -> Iterator[Path]:
    """Yield the labels and annotations that the former spec alone gave; all at once where nothing is left of them."""
    kind = text_at(rendered, "kind") or ""
    for entries in ("labels", "annotations") if kind in _WITH_METADATA_OF_SPEC else ():
        held, old, new = (mapping_at(value, "metadata", entries) for value in (present, former, rendered))
        gone = [key for key, value in old.items() if key not in new and held.get(key) == value]
        if gone and len(gone) == len(held):
            yield ("metadata", entries)
        else:
            yield from (("metadata", entries, key) for key in gone)


def _in_route(path: Path, route: int) -> Path:
    return (*path[:2], route, *path[3:]) if path[: len(_HTTP)] == _HTTP else path


def _described(rendered: Value) -> Iterator[Path]:
    kind = text_at(rendered, "kind") or ""
    for entries in ("labels", "annotations") if kind in _WITH_METADATA_OF_SPEC else ():
        yield from (("metadata", entries, key) for key in mapping_at(rendered, "metadata", entries))
    yield from _DESCRIBED[kind]

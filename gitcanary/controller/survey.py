"""The canaries of a tip: which there are, which of them are valid, and what changed since the tip before."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from posixpath import basename, splitext
from types import MappingProxyType
from typing import TypeAlias

from gitcanary.controller.subject import Folders, Key, Subject, Unfit, folder_of
from gitcanary.errors import Forgotten, InvalidSpec, Refused
from gitcanary.manifests import layout, record_file
from gitcanary.manifests.canaries import may_hold_canary, read_canaries, read_former
from gitcanary.manifests.catalog import RECORD, File, Folder, may_matter
from gitcanary.manifests.neighbours import Home, Neighbours, declared_in
from gitcanary.manifests.problems import problem_of_spec
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.ports import Files
from gitcanary.rollout.case import WATCHED

Found: TypeAlias = tuple[Subject | Unfit, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a new tip changed: the valid canaries that are to be considered anew, and those that are none any more."""

    touched: frozenset[Key]
    gone: frozenset[Key]


class Survey:
    """What the newest tip holds, kept up to date from the difference between two tips.

    `paths` are the folders that are looked at, with all below them; empty is the whole repository. `has_gate` tells
    that the operator gave a sync gate for specs that name none.
    """

    def __init__(self, repository: Files, paths: Iterable[str] = (), *, has_gate: bool = True) -> None:
        self._repository = repository
        self._paths = tuple(paths)
        self._has_gate = has_gate
        self.folders = Folders(repository)
        self.tip: str | None = None
        self._subjects: dict[Key, Subject] = {}
        self._unfit: dict[Key, Unfit] = {}
        self._found: dict[str, Found] = {}
        self._neighbours = Neighbours()
        self._further: dict[str, frozenset[str]] = {}  # files in folders below that a folder's Canaries name, by folder

    @property
    def subjects(self) -> Mapping[Key, Subject]:
        """The canaries that are valid, and those in mid-run that were: their way back stays open."""
        return MappingProxyType(self._subjects)

    @property
    def unfit(self) -> Mapping[Key, Unfit]:
        """The Canaries and records that stop their canary, and why."""
        return MappingProxyType(self._unfit)

    def look(self, tip: str) -> Looked:
        """Take a new tip, and return what is different now."""
        touched = self._everywhere(tip) if self.tip is None else self._changed(self.tip, tip)
        read = [self._read(tip, path) for path in sorted(touched)]  # all of it before anything is taken over
        met = {path for home, _ in read for path in self._neighbours.put(home)} | touched
        was_fit = self._keys_in(met) & self._subjects.keys()
        self._take(tip, met, {home.folder.path: found for home, found in read})
        self.tip = tip
        is_fit = self._keys_in(met) & self._subjects.keys()
        return Looked(is_fit & self._keys_in(touched) | is_fit - was_fit, was_fit - is_fit)

    def at(self, commit: str, key: Key) -> Subject | Unfit | None:
        """Return one canary as any commit holds it, None where there is none; other folders are not compared."""
        found = self._subjects_in(commit, self.folders.at(commit, key.path))
        return next((each for each in found if each.key == key and not is_former(each)), None)

    def underway_at(self, commit: str, key: Key) -> Subject | None:
        """Return one canary as any commit holds it by the spec of its last decision, None where that cannot be."""
        return next(self._underway(commit, self.folders.at(commit, key.path), key.name), None)

    def _everywhere(self, tip: str) -> set[str]:
        files = (path for path, _ in self._repository.files(tip) if self._matters(path))
        return {folder_of(path) for path in files}

    def _changed(self, old: str, new: str) -> set[str]:
        changes = self._repository.changes(old, new)
        named = {path for path, further in self._further.items() if not further.isdisjoint(changes)}
        return named | {folder_of(path) for path in changes if self._matters(path)}

    def _matters(self, path: str) -> bool:
        return may_matter(basename(path))

    def _is_ours(self, path: str) -> bool:
        return not self._paths or any(path == ours or path.startswith(f"{ours}/") for ours in self._paths)

    def _read(self, tip: str, path: str) -> tuple[Home, Found]:
        """Read a folder anew."""
        folder = self.folders.at(tip, path)
        self._further.pop(path, None)
        found = tuple(self._subjects_in(tip, folder)) if self._is_ours(path) else ()
        canaries = tuple(entry.canary for entry in found if isinstance(entry, Subject))
        return Home(folder, declared_in(folder), canaries, holds_canary=bool(found)), found

    def _keys_in(self, paths: Iterable[str]) -> frozenset[Key]:
        return frozenset(entry.key for path in paths for entry in self._found.get(path, ()))

    def _subjects_in(self, tip: str, folder: Folder) -> Iterator[Subject | Unfit]:
        if not any(may_hold_canary(file.data) or file.name.endswith(RECORD) for file in folder.files.values()):
            return
        read = self._canaries_in(tip, folder)
        canaries = [canary for canary in read if isinstance(canary, Canary)]
        for name, refusal in told_by_file(refusal for refusal in read if isinstance(refusal, Refused)).items():
            yield Unfit(Key(folder.path, name), refusal)
        for canary in canaries:
            fit = self._fit(self._whole(tip, folder, canary), canary)
            yield fit
            yield from self._underway(tip, folder, canary.name) if isinstance(fit, Unfit) else ()
        has_unread = any(isinstance(canary, Refused) for canary in read)
        left = self._records_left(folder, {canary.name for canary in canaries})
        for name in left:
            yield from self._underway(tip, folder, name) if has_unread else self._gone(tip, folder, name)

    def _canaries_in(self, tip: str, folder: Folder) -> list[Canary | Refused]:
        """Read the Canaries; several that name files below are compared by the values that they mean there."""
        read = read_canaries(folder)
        declaring = [canary for canary in read if isinstance(canary, Canary) and canary.further]
        if len(declaring) < 2:  # noqa: PLR2004 - one alone has nobody to meet
            return read
        return read_canaries(
            self.folders.at(tip, folder.path, frozenset().union(*(each.further for each in declaring)))
        )

    def _whole(self, tip: str, folder: Folder, canary: Canary) -> Folder:
        """Return the folder with all files that the canary's locations name, and watch those below it."""
        if not canary.further:
            return folder
        further = frozenset(map(folder.full, canary.further))
        self._further[folder.path] = self._further.get(folder.path, frozenset()) | further
        return self.folders.at(tip, folder.path, canary.further)

    def _fit(self, folder: Folder, canary: Canary) -> Subject | Unfit:
        key = Key(folder.path, canary.name)
        try:
            layout.check(folder, canary)
            self._check_gate(folder, canary)
            return subject(folder, canary)
        except Refused as refusal:
            return Unfit(key, refusal)

    def _check_gate(self, folder: Folder, canary: Canary) -> None:
        if not canary.sync and not self._has_gate:
            allowed = "sync: [{http: URL}] or [{delay: 30s}] in gitcanary.dev/gitops, or the operator's --sync"
            problem = problem_of_spec(folder, canary, ("metadata",), seen="no sync gate", allowed=allowed)
            raise InvalidSpec((problem,))

    def _records_left(self, folder: Folder, present: set[str]) -> list[str]:
        """Return the canaries of which a record is there, and no Canary that can be read."""
        named = [splitext(file) for file in folder.files]
        return [name for name, ending in named if ending == RECORD and name not in present]

    def _gone(self, tip: str, folder: Folder, name: str) -> Iterator[Subject | Unfit]:
        """Find a canary whose Canary was deleted: only its record is left."""
        try:
            yield replace(self._former(tip, folder, name), is_gone=True)
        except Refused as refusal:
            yield Unfit(Key(folder.path, name), refusal)

    def _underway(self, tip: str, folder: Folder, name: str) -> Iterator[Subject]:
        """Find a canary in mid-run whose Canary cannot be honoured: by its last spec, nothing but the way back is open.

        Nothing where not even that can be: its Canary is reported as unfit in any case.
        """
        if f"{name}{RECORD}" not in folder.files:
            return
        with suppress(Refused):
            former = self._former(tip, folder, name)
            if former.record is not None and former.record.phase in WATCHED:
                self._check_gate(folder, former.canary)
                spec = replace(former.canary.spec, is_former=True)
                yield replace(former, canary=replace(former.canary, spec=spec))

    def _former(self, tip: str, folder: Folder, name: str) -> Subject:
        """Return a canary by its record and the Canary of its last decision; raises `Refused` where one is not read."""
        file = folder.files[f"{name}{RECORD}"]
        record = record_file.read(file.data, file=folder.full(file.name))
        former = read_former(folder, record.spec, self._former_spec(folder, file, record.spec), record.canary)
        return Subject(Key(folder.path, name), former, self._whole(tip, folder, former), record, file.blob)

    def _former_spec(self, folder: Folder, file: File, blob: str) -> bytes:
        if not self._repository.has(blob):
            raise Forgotten(f"{folder.full(file.name)}: spec: {blob[:40]} is no file of this repository")
        return self._repository.read(blob)

    def _take(self, tip: str, paths: Iterable[str], read: Mapping[str, Found]) -> None:
        """Take over what was read, and sort what is in these folders, and beside others, into valid and not."""
        for key in self._keys_in(paths):
            self._subjects.pop(key, None)
            self._unfit.pop(key, None)
        self._found |= read
        for path in [path for path, found in read.items() if not found]:
            del self._found[path]
        for entry in (entry for path in sorted(paths) for entry in self._found.get(path, ())):
            for fit in self._beside_others(tip, entry):
                if isinstance(fit, Subject):
                    self._subjects[entry.key] = fit
                else:
                    self._unfit[entry.key] = fit

    def _beside_others(self, tip: str, entry: Subject | Unfit) -> Iterator[Subject | Unfit]:
        """Yield a canary, as unfit where another folder declares what it writes."""
        if isinstance(entry, Unfit) or entry.is_gone or is_former(entry):
            yield entry
        elif collisions := self._neighbours.trespasses(entry.key.path, entry.canary):
            yield Unfit(entry.key, InvalidSpec(collisions))
            yield from self._underway(tip, self.folders.at(tip, entry.key.path), entry.key.name)
        else:
            yield entry


def is_former(entry: Subject | Unfit) -> bool:
    """Tell whether a canary is there only by the spec of its last decision."""
    return isinstance(entry, Subject) and entry.is_former


def subject(folder: Folder, canary: Canary) -> Subject:
    """Return a canary with its record, where it has one; raises `Refused` where that cannot be read."""
    key = Key(folder.path, canary.name)
    file = folder.files.get(f"{canary.name}{RECORD}")
    record = record_file.read(file.data, file=folder.full(file.name)) if file else None
    return Subject(key, canary, folder, record, file.blob if file else None)


def told_by_file(refusals: Iterable[Refused]) -> dict[str, Refused]:
    """Return the refusals of each file as one: it may hold many Canaries that cannot be honoured."""
    told: dict[str, Refused] = {}
    for refusal in refusals:
        match told.get(name := unfit_name(refusal)), refusal:
            case InvalidSpec(problems=before), InvalidSpec(problems=further):
                told[name] = InvalidSpec((*before, *further))
            case _:
                told[name] = refusal
    return told


def unfit_name(refusal: Refused) -> str:
    """Return what to call a Canary that could not be read: the file that holds it."""
    if isinstance(refusal, InvalidSpec):
        return refusal.problems[0].file
    return getattr(refusal, "file", "") or "?"

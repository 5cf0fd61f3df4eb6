"""The canaries of a tip: which there are, which of them are valid, and what changed since the tip before."""

from collections.abc import Iterable, Iterator, Mapping
from posixpath import basename, splitext

from gitcanary.controller.subject import Folders, Key, Subject, Unfit, folder_of
from gitcanary.errors import Forgotten, InvalidSpec, Refused
from gitcanary.manifests import layout, record_file
from gitcanary.manifests.canaries import may_hold_canary, read_canaries, read_former
from gitcanary.manifests.catalog import RECORD, File, Folder, may_matter
from gitcanary.manifests.neighbours import Declared, declared_in, trespasses
from gitcanary.manifests.problems import problem_of_spec
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.ports import Files


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
        self.subjects: Mapping[Key, Subject] = {}
        self.unfit: Mapping[Key, Unfit] = {}
        self._found: dict[str, list[Subject | Unfit]] = {}
        self._declared: dict[str, frozenset[Declared]] = {}
        self._further: dict[str, frozenset[str]] = {}  # files in folders below that a folder's Canaries name, by folder

    def look(self, tip: str) -> frozenset[Key]:
        """Take a new tip, and return the canaries whose folder changed with it."""
        touched = self._everywhere(tip) if self.tip is None else self._changed(self.tip, tip)
        for path in touched:
            self._survey(tip, path)
        self.tip = tip  # only now: what could not be read is read again
        if touched:
            self._settle()
        return frozenset(key for path in touched for key in self._keys_of(path))

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

    def _survey(self, tip: str, path: str) -> None:
        folder = self.folders.at(tip, path)
        self._declared[path] = declared_in(folder)
        self._further.pop(path, None)
        self._found[path] = list(self._subjects_in(tip, folder)) if self._is_ours(path) else []

    def _subjects_in(self, tip: str, folder: Folder) -> Iterator[Subject | Unfit]:
        if not any(may_hold_canary(file.data) or file.name.endswith(RECORD) for file in folder.files.values()):
            return
        read = read_canaries(folder)
        canaries = [canary for canary in read if isinstance(canary, Canary)]
        for refusal in (refusal for refusal in read if isinstance(refusal, Refused)):
            yield Unfit(Key(folder.path, unfit_name(refusal)), refusal)
        for canary in canaries:
            yield self._fit(self._whole(tip, folder, canary), canary)
        has_unread = any(isinstance(canary, Refused) for canary in read)
        yield from () if has_unread else self._gone(tip, folder, {canary.name for canary in canaries})

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

    def _gone(self, tip: str, folder: Folder, present: set[str]) -> Iterator[Subject | Unfit]:
        """Find the canaries whose Canary was deleted: only their record is left."""
        for file in folder.files.values():
            name, ending = splitext(file.name)
            if ending != RECORD or name in present:
                continue
            try:
                record = record_file.read(file.data, file=folder.full(file.name))
                former = read_former(folder, record.spec, self._former_spec(folder, file, record.spec), record.canary)
                whole = self._whole(tip, folder, former)
                yield Subject(Key(folder.path, name), former, whole, record, file.blob, is_gone=True)
            except Refused as refusal:
                yield Unfit(Key(folder.path, name), refusal)

    def _former_spec(self, folder: Folder, file: File, blob: str) -> bytes:
        if not self._repository.has(blob):
            raise Forgotten(f"{folder.full(file.name)}: spec: {blob[:40]} is no file of this repository")
        return self._repository.read(blob)

    def _settle(self) -> None:
        """Sort into valid and not, now that every folder's objects are known."""
        found = [entry for entries in self._found.values() for entry in entries]
        fit = [entry for entry in found if isinstance(entry, Subject)]
        unfit = {entry.key: entry for entry in found if isinstance(entry, Unfit)}
        homes = {path for path, entries in self._found.items() if entries}
        problems = trespasses([(entry.folder, entry.canary) for entry in fit], self._declared, homes)
        for entry, collisions in zip(fit, problems, strict=True):
            if collisions and not entry.is_gone:
                unfit[entry.key] = Unfit(entry.key, InvalidSpec(collisions))
        self.unfit = unfit
        self.subjects = {entry.key: entry for entry in fit if entry.key not in unfit}

    def _keys_of(self, path: str) -> Iterator[Key]:
        return (entry.key for entry in self._found.get(path, ()))


def subject(folder: Folder, canary: Canary) -> Subject:
    """Return a canary with its record, where it has one; raises `Refused` where that cannot be read."""
    key = Key(folder.path, canary.name)
    file = folder.files.get(f"{canary.name}{RECORD}")
    record = record_file.read(file.data, file=folder.full(file.name)) if file else None
    return Subject(key, canary, folder, record, file.blob if file else None)


def unfit_name(refusal: Refused) -> str:
    """Return what to call a Canary that could not be read: the file that holds it."""
    if isinstance(refusal, InvalidSpec):
        return refusal.problems[0].file
    return getattr(refusal, "file", "") or "?"

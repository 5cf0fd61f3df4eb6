"""A folder with its history, in memory: what decisions make of it, commit by commit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any

import yaml

from gitcanary.errors import InvalidFile
from gitcanary.manifests import layout, names, record_file, release
from gitcanary.manifests.canaries import read_canaries
from gitcanary.manifests.catalog import File, Folder, blob_id
from gitcanary.manifests.plan import Change, Past, plan
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.state import Action, Observed, Phase, Promoted, Record, SeenLive

PATH = "apps/podinfo"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def folder_of(files: Mapping[str, str | bytes], path: str = PATH) -> Folder:
    """Return a folder with these files."""
    data = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    return Folder(path, {name: File(name, blob_id(content), content) for name, content in data.items()})


def folder_with(objects: Iterable[Mapping[str, Any]]) -> Folder:
    """Return a folder with one file for each object."""
    return folder_of(
        {f"{value['kind'].lower()}-{value['metadata']['name']}.yaml": yaml.safe_dump(dict(value)) for value in objects}
    )


def canary_in(folder: Folder) -> Canary:
    """Return the one Canary of a folder."""
    (canary,) = read_canaries(folder)
    if isinstance(canary, Exception):
        raise canary
    return canary


def objects_in(folder: Folder, *files: str) -> dict[tuple[str, str], Any]:
    """Return the objects of some files by kind and name."""
    documents = (document for name in files if name in folder.files for document in folder.files[name].documents)
    return {(value["kind"], value["metadata"]["name"]): value for value in (each.value for each in documents)}


@dataclass
class History:
    """The commits of one canary's folder; the newest one is the tip."""

    tip: Folder
    source: str = ""
    now: datetime = NOON
    folders: dict[str, Folder] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    known: dict[tuple[str, ...], Canary] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.push(self.tip)

    @property
    def canary(self) -> Canary:
        key = tuple(file.blob for name, file in self.tip.files.items() if "canary" in name or "kustomiz" in name)
        if key not in self.known:
            self.known[key] = canary_in(self.tip)
        return self.known[key]

    @property
    def record(self) -> Record | None:
        file = self.tip.files.get(names.record_file(self.canary))
        return record_file.read(file.data) if file else None

    def push(self, folder: Folder) -> str:
        """Let a person commit this folder; returns the commit."""
        commit = sha1(f"{len(self.folders)}".encode(), usedforsecurity=False).hexdigest()
        self.tip, self.source = folder, commit
        self.folders[commit] = folder
        return commit

    def push_files(self, **files: str) -> str:
        """Let a person commit other content in some files; `__` stands for a dot."""
        folder = self.tip
        for name, text in files.items():
            folder = folder.holding(name.replace("__", "."), text.encode())
        return self.push(folder)

    def decide(self, decision: Commit, suffix: str = "") -> dict[str, bytes]:
        """Commit a decision; returns the files that it changed, by their name in the folder."""
        change = plan(self.tip, self.canary, self.record, decision, Past(self.at, self.blob), suffix=suffix)
        if change is None:
            return {}
        self.changes.append(change)
        changed = {path.removeprefix(f"{self.tip.path}/"): data for path, data in change.files.items()}
        for name, data in changed.items():
            self.tip = self.tip.holding(name, data or b"")
        return {name: data or b"" for name, data in changed.items()}

    def at(self, commit: str) -> Folder:
        """Return the folder of a commit."""
        if commit not in self.folders:
            raise InvalidFile(f"no commit {commit}")
        return self.folders[commit]

    def blob(self, blob: str) -> bytes:
        """Return a blob's content."""
        folders = [self.tip, *self.folders.values()]
        return next(file.data for folder in folders for file in folder.files.values() if file.blob == blob)

    def promoted(self) -> Promoted:
        """Return what the tip's target holds, as something to promote."""
        return Promoted(release.revision(self.tip, self.canary), self.source, self.now)

    def next(self, **changes: Any) -> Record:
        """Return the record after the present one, a minute later and seen live."""
        self.now += timedelta(minutes=1)
        before = self.record
        since = self.now - timedelta(seconds=75)
        live = SeenLive("88e1a47" + 33 * "0", since, before.weight if before else None, "http", "applied")
        base = {
            "canary": f"{self.canary.namespace}/{self.canary.name}",
            "phase": Phase.INITIALIZING,
            "weight": 0,
            "since": self.now,
            "revision": release.revision(self.tip, self.canary),
            "source": self.source,
            "promoted": (self.promoted(),),
        }
        kept = {name: getattr(before, name) for name in Record.__slots__} if before else base
        evidence = Observed(self.now, settle=timedelta(seconds=15), live=live if before else None)
        return Record(**kept | {"spec": self.canary.spec.blob, "evidence": evidence} | changes)

    def onboard(self, *, scales: bool = True) -> None:
        """Take the three commits of onboarding."""
        self.decide(Commit(Action.INITIALIZE, self.next(), primary=self.promoted()))
        self.decide(Commit(Action.ROUTE, self.next(), weight=0))
        if scales:
            kept = release.replicas(release.find_target(self.tip, self.canary))
            self.decide(Commit(Action.SCALE_DOWN, self.next(phase=Phase.INITIALIZED, replicas=kept), replicas=0))

    @property
    def subject(self) -> str:
        return self.changes[-1].message.splitlines()[0]


def generated(folder: Folder) -> dict[tuple[str, str], Any]:
    """Return all objects of the files that gitcanary writes."""
    return objects_in(folder, *names.owned_files(canary_in(folder)))


def onboarded(files: dict[str, str], *, scales: bool = True) -> History:
    """Return the history of a folder after onboarding, which its layout allows."""
    history = History(folder_of(files))
    layout.check(history.tip, history.canary)
    history.onboard(scales=scales)
    return history


def rise(history: History, weight: int) -> Commit:
    """Return the advance to this weight."""
    return Commit(Action.ADVANCE, history.next(phase=Phase.PROGRESSING, weight=weight), weight=weight)


def promotion(history: History) -> Commit:
    """Return the promotion of what the tip's target holds."""
    goal = history.promoted()
    record = history.next(phase=Phase.PROMOTING, revision=goal.revision, source=goal.source)
    return Commit(Action.PROMOTE, record, primary=goal)

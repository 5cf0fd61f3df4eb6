"""A whole controller on a fleet: real Git over HTTP, with the clock and the world of the tests."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.fleet import Fleet
from gitcanary.adapters.git import Identity
from gitcanary.controller.reconcile import decide
from gitcanary.controller.subject import Subject
from gitcanary.controller.survey import subject
from gitcanary.manifests.canaries import read_canaries
from gitcanary.manifests.schema.canary_file import Canary
from gitcanary.rollout.decision import Ask, Commit
from gitcanary.rollout.evidence import Evidence
from gitcanary.rollout.state import State
from support.environment import US, Process
from support.fakes import Clock, Listener, Prometheus, Receivers, SyncTool

_ASKS = 8


@dataclass(frozen=True, slots=True)
class Known:
    """One canary about which everything is known that its next decision needs."""

    subject: Subject
    state: State
    evidence: Evidence

    def decided(self) -> tuple[Subject, Commit]:
        """Decide."""
        decision = decide(self.subject, self.state, self.evidence)
        if not isinstance(decision, Commit):
            raise TypeError(f"{self.subject.key.path}: {decision}")
        return self.subject, decision


@dataclass(frozen=True, slots=True)
class Address:
    """Where a branch is."""

    url: str
    branch: str


class Loop:
    """A controller whose clone is up to date, at the instant at which the fleet's moving canaries may advance."""

    def __init__(self, folder: Path, fleet: Fleet, remote: Address, *, fetches: bool = True) -> None:
        self.folder, self.remote, self.url = folder, remote, remote.url
        self.deadline = timedelta(minutes=1)
        self.identity, self.signed_after, self.pushes_per_minute = Identity(US, US), None, None
        self.clock = Clock(fleet.since)
        self.prometheus, self.hooks, self.told = Prometheus(), Receivers(), Listener()
        self.sync = SyncTool(self.clock, lambda: self.tip)
        self.sync.workloads = tuple(_workloads(fleet.rolling))
        self.process = Process(self)
        self.tip = ""
        if fetches:
            self.fetch()
        self.clock.at = fleet.due

    def fetch(self) -> None:
        """Clone, or bring the clone up to date."""
        self.tip = self.process.mirror.fetch()
        self.sync.notice()

    def close(self) -> None:
        """Remove the clone."""
        self.process.close()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def known(self, folders: Iterable[str]) -> list[Known]:
        """Read these canaries, and ask what their next decision needs."""
        process = self.process
        process.observer.begin(self.now)
        found = [self._subject(folder) for folder in folders]
        states = [(each, process.historian.state(each, self.tip)) for each in found]
        for _ in range(_ASKS):
            asks = [(each, state, self._decision(each, state)) for each, state in states]
            asked = {each.key: (each, state, ask.questions) for each, state, ask in asks if isinstance(ask, Ask)}
            if not asked:
                break
            process.observer.ask(asked, self.tip, self.now)
        return [Known(each, state, self._evidence(each, state)) for each, state in states]

    def _subject(self, path: str) -> Subject:
        folder = self.process.survey.folders.at(self.tip, path)
        [canary] = (each for each in read_canaries(folder) if isinstance(each, Canary))
        return subject(folder, canary)

    def _decision(self, known: Subject, state: State) -> object:
        return decide(known, state, self._evidence(known, state))

    def _evidence(self, known: Subject, state: State) -> Evidence:
        return self.process.observer.inquiry(known, state).evidence(self.now)


def _workloads(folders: Iterable[str]) -> Iterator[str]:
    for folder in folders:
        name = folder.rpartition("/")[2]
        yield from (f"test/{name}", f"test/{name}-primary")

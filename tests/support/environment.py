"""One environment under control: a real Git repository, a whole loop, and a world that obeys the test."""

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, wait
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from gitcanary.adapters.git import Identity, Mirror, Person, hardened
from gitcanary.adapters.git.objects import Objects
from gitcanary.controller.agenda import WATCHING
from gitcanary.controller.audit import Audit, Fault, Finding
from gitcanary.controller.budget import PushBudget
from gitcanary.controller.facts import Historian
from gitcanary.controller.liveness import Watcher
from gitcanary.controller.notices import Notifier
from gitcanary.controller.observer import Observer
from gitcanary.controller.publisher import Publisher
from gitcanary.controller.reconcile import Round
from gitcanary.controller.reports import Reporter
from gitcanary.controller.survey import Survey
from gitcanary.controller.turns import Turns
from gitcanary.manifests import record_file
from gitcanary.rollout.state import Phase, Record
from support.fakes import Clock, Listener, Prometheus, Receivers, SyncTool
from support.repositories import Line, Remote, make_remote

MIA = ("Mia", "mia@example.com")
US = Person("gitcanary", "gitcanary@example.com")
POLL = timedelta(seconds=5)
APP = "apps/podinfo"


class Environment:
    """A repository and the controller that watches it. Nothing moves until the test lets time pass."""

    def __init__(
        self,
        folder: Path,
        files: Mapping[str, str | bytes],
        *,
        name: str = "podinfo",
        app: str = APP,
        identity: Identity = Identity(US, US),  # noqa: B008 - frozen
        served_at: str = "",
    ) -> None:
        self.identity = identity
        self.signed_after: str | None = None
        self.is_audited = True
        self.clock = Clock()
        self.folder = folder
        self.app = app
        self.name = name
        self.remote: Remote = make_remote(folder / "remote", {"README.md": "An environment.\n"}, at=self.clock.now())
        self.url = f"{served_at}/remote" if served_at else self.remote.url
        self.deadline = timedelta(seconds=60)
        self.clock.pass_(timedelta(seconds=1))
        self.commit(files, "Add podinfo")
        self.prometheus = Prometheus()
        self.hooks = Receivers()
        self.sync = SyncTool(self.clock, lambda: self.remote.tip)
        self.told = Listener()
        self.pushes_per_minute: int | None = None
        self.controller = self.start()

    def start(self) -> "Process":
        """Start a controller, another one or the same again: it knows nothing but the repository."""
        return Process(self)

    def restart(self) -> None:
        """Stop the controller and start it again."""
        self.controller.close()
        self.controller = self.start()

    def commit(self, files: Mapping[str, str | bytes | None], message: str) -> str:
        """Commit as Mia, now."""
        return self.remote.commit(files, message, by=MIA, at=self.clock.now())

    def edit(self, file: str, old: str, new: str, message: str = "") -> str:
        """Replace a text in a file of the canary's folder, as Mia."""
        path = f"{self.app}/{file}"
        text = self.remote.git("show", f"{self.remote.tip}:{path}")
        assert old in text, f"{old!r} is not in {path}"
        return self.commit({path: text.replace(old, new)}, message or f"{old} -> {new}")

    def set_image(self, tag: str) -> str:
        """Commit another image, as Mia."""
        text = self.read("deployment.yaml")
        present = text.split("podinfo:", 1)[1].split("\n", 1)[0]
        return self.edit("deployment.yaml", f"podinfo:{present}", f"podinfo:{tag}", f"podinfo {tag}")

    def read(self, file: str) -> str:
        """Return a file of the canary's folder at the tip."""
        return self.remote.read(f"{self.app}/{file}")

    @property
    def record(self) -> Record:
        """The record at the tip."""
        return record_file.read(self.read(f"{self.name}.rollout").encode())

    @property
    def subjects(self) -> list[str]:
        """The subjects of the history, oldest first, without what was there before."""
        return self.remote.subjects()[2:]

    @property
    def ours(self) -> list[Line]:
        """Our own commits, oldest first."""
        return [line for line in reversed(self.remote.log()) if line.committer == str(US)]

    def run(self, time: timedelta) -> None:
        """Let the controller run for some time, poll by poll and whenever something is due."""
        end = self.clock.now() + time
        while self.clock.now() < end:
            self.step(end - self.clock.now())

    def run_until(self, is_reached: Callable[[], bool], within: timedelta = timedelta(hours=1)) -> None:
        """Let the controller run until something is the case; fails where it is not in time."""
        end = self.clock.now() + within
        while not is_reached():
            assert self.clock.now() < end, f"not reached in {within}:\n" + "\n".join(self.subjects)
            self.step(end - self.clock.now())

    def run_to(self, phase: Phase, within: timedelta = timedelta(hours=1)) -> None:
        """Let the controller run until the record says this phase."""
        self.run_until(lambda: self.has_record() and self.record.phase is phase, within)

    def has_record(self) -> bool:
        return f"{self.app}/{self.name}.rollout" in self.remote.files()

    def settle(self) -> None:
        """Run rounds without letting time pass, until nothing more is decided."""
        self.controller.settle()

    def step(self, at_most: timedelta) -> None:
        """Run what can be run now, then let time pass to the next poll, or further where a poll would find nothing."""
        self.sync.notice()
        self.settle()
        agenda, now = self.controller.rounds.agenda, self.clock.now()
        due = agenda.next_due() or now + at_most
        is_polled = any(wait.what in WATCHING for wait in agenda.waits.values())
        wait = min(POLL, due - now) if is_polled else due - now
        self.clock.pass_(max(min(wait, at_most), timedelta(seconds=1)))

    def onboard(self) -> None:
        """Bring the canary under control, up to its rest."""
        self.run_to(Phase.INITIALIZED)
        self.run(timedelta(minutes=1))

    def findings(self) -> list[Finding]:
        """Take every decision of the branch again, from its own evidence, and return what does not hold."""
        repository = Objects(self.remote.folder, self.identity)
        survey = Survey(repository)
        historian = Historian(repository, survey.folders, US.email, self.signed_after)
        return list(Audit(repository, survey, historian, self.remote.tip, None).findings())

    def faults(self) -> set[tuple[str, Fault]]:
        """Return which commits an audit finds fault with, and do without it in the end."""
        self.is_audited = False
        return {(each.revised.commit, each.fault) for each in self.findings()}

    def audit(self) -> None:
        """Assert that every commit of ours is what the rules make of its evidence; people may edit what they like."""
        found = [each for each in self.findings() if each.fault is not Fault.EDITED and self.is_audited]
        assert [f"{each.revised.commit[:7]} {subject(each)}: {each.problem}" for each in found] == []

    def close(self) -> None:
        self.controller.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.audit()
        self.close()


def subject(finding: Finding) -> str:
    """Return the subject of the commit that a finding is about."""
    return finding.revised.message.partition("\n")[0]


class Process:
    """A controller as `assembly` builds it, on a real mirror, with the doubles at its other ports."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.mirror = Mirror(
            environment.url,
            environment.remote.branch,
            environment.folder / "cache",
            environment.identity,
            hardened(),
            environment.deadline,
        )
        survey = Survey(self.mirror)
        historian = Historian(self.mirror, survey.folders, US.email, environment.signed_after)
        watcher = Watcher(historian)
        self.survey, self.historian = survey, historian
        self.observer = Observer(
            environment.prometheus, environment.hooks, lambda _: [environment.sync], watcher, environment.told
        )
        self.notifier = Notifier(environment.hooks)
        self.publisher = Publisher(self.mirror, survey.folders)
        self.reporter = Reporter(environment.told)
        self.rounds = Round(
            self.mirror,
            survey,
            historian,
            self.observer,
            self.publisher,
            self.reporter,
            self.notifier,
            environment.clock,
            PushBudget(environment.pushes_per_minute),
        )
        self.turns = Turns(self.rounds, self.reporter, environment.clock)

    def settle(self) -> None:
        """Run rounds until nothing more is decided and no answer is out."""
        for _ in range(20):
            has_pushed = self.rounds.run() is not None
            if not has_pushed and not self.is_answer_coming():
                return
        raise AssertionError("the rounds do not settle")

    def is_answer_coming(self) -> bool:
        """Tell whether an answer came, or comes at once: those that somebody holds back are not waited for."""
        while waiting := set(self.observer.waiting_for()):
            if any(answer.done() for answer in waiting):
                return True
            if len(waiting) <= self.environment.hooks.holding + self.environment.prometheus.holding:
                return False
            wait(waiting, timeout=0.05, return_when=FIRST_COMPLETED)
        return False

    def close(self) -> None:
        self.notifier.close()
        self.mirror.close()

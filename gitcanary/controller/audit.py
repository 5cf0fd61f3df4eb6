"""Every decision of a branch's history taken again, from its own evidence and on the commit before it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from posixpath import basename, dirname, splitext

from gitcanary.controller.facts import Historian
from gitcanary.controller.publisher import Publisher
from gitcanary.controller.reconcile import decide
from gitcanary.controller.subject import Key, Subject
from gitcanary.controller.survey import Survey
from gitcanary.errors import GitcanaryError, InvalidFile
from gitcanary.manifests import message, record_file, trailers
from gitcanary.manifests.catalog import RECORD
from gitcanary.manifests.plan import Change
from gitcanary.ports import Repository, Revised
from gitcanary.rollout.decision import Ask, Commit, Wait
from gitcanary.rollout.evidence import HookQuestion, LiveQuestion, MetricQuestion, Question
from gitcanary.rollout.replay import replay
from gitcanary.rollout.state import Record, State


@dataclass(frozen=True, slots=True)
class Page:
    """One commit, and the paths that it changed."""

    revised: Revised
    changed: frozenset[str]


class Fault(StrEnum):
    """What is wrong with a commit.

    `forged`: it looks like ours and is not. `edited`: somebody else changed more of a record than a request.
    `unfounded`: it is ours, and not what the rules make of its evidence. `stray`: it is ours, and no one decision.
    """

    FORGED = "forged"
    EDITED = "edited"
    UNFOUNDED = "unfounded"
    STRAY = "stray"


@dataclass(frozen=True, slots=True)
class Finding:
    """One commit that is not as it should be, and why. `canary` is None where it belongs to none."""

    revised: Revised
    canary: Key | None
    fault: Fault
    problem: str


class Audit:
    """Looks through the history of a tip: all canaries, or the one that is named."""

    def __init__(
        self, repository: Repository, survey: Survey, historian: Historian, tip: str, only: Key | None
    ) -> None:
        self._repository = repository
        self._survey = survey
        self._historian = historian
        self._tip = tip
        self._only = only
        self._publisher = Publisher(repository, survey.folders)
        self.decisions = 0

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong, oldest first, and count the decisions that were looked at."""
        for page in self._pages():
            look = self._ours if self._historian.is_ours(page.revised) else self._theirs
            yield from look(page)

    def _pages(self) -> Iterator[Page]:
        """Walk the commits, oldest first: the historian goes on from each to the next, and reads every one once."""
        commits = list(self._repository.history(self._tip, [self._only.path if self._only else ""]))
        for revised in reversed(commits):
            if revised.parent is not None:
                yield Page(revised, self._repository.changes(revised.parent, revised.commit))

    def _theirs(self, page: Page) -> Iterator[Finding]:
        """Look at a commit of somebody else's: their own to change are requests and the quarantine."""
        records = self._records(page)
        if trailers.read(page.revised.message) is not None and (records or self._only is None):
            key = records[0] if records else None
            yield Finding(page.revised, key, Fault.FORGED, f"looks like gitcanary's, {self._whose(page.revised)}")
            return
        for key in records:
            if self._people_own(page.revised.parent, key) != self._people_own(page.revised.commit, key):
                yield Finding(page.revised, key, Fault.EDITED, f"the record was edited by {page.revised.author}")

    def _whose(self, revised: Revised) -> str:
        return f"and is committed by {revised.committer} <{revised.committer_email}>, signature {self._signed(revised)}"

    def _signed(self, revised: Revised) -> str:
        return self._repository.signature(revised.commit)

    def _ours(self, page: Page) -> Iterator[Finding]:
        """Look at a commit of ours: one decision, for one canary."""
        records = self._records(page)
        if len(records) != 1:
            problem = f"is no decision: it changes {named(page.changed)}"
            yield Finding(page.revised, records[0] if records else None, Fault.STRAY, problem)
            return
        [key] = records
        if self._only in {None, key}:
            self.decisions += 1
            for problem in self._problems(page, key):
                yield Finding(page.revised, key, Fault.UNFOUNDED, problem)

    def _records(self, page: Page) -> list[Key]:
        found = sorted(path for path in page.changed if splitext(path)[1] == RECORD)
        keys = [Key(dirname(path), splitext(basename(path))[0]) for path in found]
        return [key for key in keys if self._only is None or key.path == self._only.path]

    def _problems(self, page: Page, key: Key) -> Iterator[str]:
        revised = page.revised
        record = self._record(revised.commit, key)
        if record is None or revised.parent is None:
            yield "leaves no record that can be read"
            return
        if record.evidence.observed_at != revised.committed_at:
            yield f"says it was decided at {record.evidence.observed_at:%H:%M:%S}, not when it was committed"
        try:
            yield from self._again(page, key, record, revised.parent)
        except GitcanaryError as refusal:
            yield f"could not have been decided: {refusal}"

    def _again(self, page: Page, key: Key, record: Record, parent: str) -> Iterator[str]:
        """Decide again on the commit before, and compare."""
        is_former = message.BY_FORMER in page.revised.message  # it may only lead back: nothing is gained by saying so
        found = self._survey.underway_at(parent, key) if is_former else self._survey.at(parent, key)
        if not isinstance(found, Subject):
            yield f"there was nothing to decide: {found.refusal if found else 'no such Canary'}"
            return
        state = self._historian.state(found, parent)
        yield from self._contradictions(found, state, record, parent)
        decision = replay(
            lambda evidence: decide(found, state, evidence),
            state.record,
            record.evidence,
            lambda commit: self._historian.placed_at(found, commit),
        )
        if not isinstance(decision, Commit):
            yield undecided(decision)
            return
        claims = trailers.read(page.revised.message)
        if claims is None or claims.action is not decision.action:
            yield f"says {claims.action if claims else 'nothing'}; the rules say {decision.action}"
            return
        yield from compare_records(record, decision.record)
        yield from self._compare_change(page, self._publisher.plan(found, decision))

    def _contradictions(self, subject: Subject, state: State, record: Record, parent: str) -> Iterator[str]:
        """Compare what the evidence says was live with what the repository holds there."""
        live = record.evidence.live
        if live is None or live == (state.record.evidence.live if state.record else None):
            return
        if not self._historian.history.is_ancestor(live.commit, parent):
            yield f"says that {live.commit[:7]} was live, which is not on the branch"
            return
        placed = self._historian.placed_at(subject, live.commit)
        if placed.weight != live.weight:
            yield f"says that {live.weight} % was live as {live.commit[:7]}, which holds {placed.weight} %"

    def _compare_change(self, page: Page, change: Change | None) -> Iterator[str]:
        if change is None:
            yield "nothing was to be committed"
            return
        if strange := page.changed ^ change.files.keys():
            yield f"changes {named(page.changed)}, not {named(frozenset(change.files))} ({named(strange)})"
            return
        for path, data in sorted(change.files.items()):
            if not path.endswith(RECORD) and data != self._content(page.revised.commit, path):
                yield f"writes other values into {path}"
        if not is_same_message(page.revised.message, change.message):
            yield "its message does not say what was decided"

    def _content(self, commit: str, path: str) -> bytes | None:
        entry = self._repository.entries(commit, dirname(path)).get(basename(path))
        return self._repository.read(entry.blob) if entry else None

    def _record(self, commit: str | None, key: Key) -> Record | None:
        file = self._survey.folders.at(commit, key.path).files.get(f"{key.name}{RECORD}") if commit else None
        try:
            return record_file.read(file.data) if file else None
        except InvalidFile:
            return None

    def _people_own(self, commit: str | None, key: Key) -> Record | None:
        record = self._record(commit, key)
        return replace(record, request=None, quarantine=()) if record else None


def undecided(decision: Ask | Wait) -> str:
    """Return why the evidence leads to no commit."""
    if isinstance(decision, Wait):
        return f"the rules would have waited: {decision.why}"
    return f"its evidence lacks {', '.join(sorted(map(asked, decision.questions)))}"


def asked(question: Question) -> str:
    """Return what a question asks for, in words."""
    match question:
        case LiveQuestion():
            return "what was live"
        case HookQuestion(hook=hook):
            return f"the answer of {hook.name}"
        case MetricQuestion(metric=metric):
            return f"the value of {metric.name}"


def compare_records(found: Record, expected: Record) -> Iterator[str]:
    """Yield each field of a record that the rules would have written otherwise."""
    for field in fields(Record):
        was, should = getattr(found, field.name), getattr(expected, field.name)
        if was != should and field.name == "evidence":
            differing = [each.name for each in fields(was) if getattr(was, each.name) != getattr(should, each.name)]
            yield f"the record's evidence does not fit: {', '.join(differing)}"
        elif was != should:
            yield f"the record's {field.name} is {was}, not {should}"


def is_same_message(found: str, expected: str) -> bool:
    """Tell whether a message says the same; the operator may end subjects with a suffix."""
    (subject, _, body), (wanted, _, rest) = found.strip().partition("\n"), expected.strip().partition("\n")
    return (subject == wanted or subject.startswith(f"{wanted} ")) and body == rest


def named(paths: Collection[str]) -> str:
    """Return some of several paths."""
    return ", ".join(sorted(paths)[:3]) or "nothing"

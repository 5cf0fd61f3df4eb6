"""A canary's commits read back from Git: one entry for each that touched its record, and the rollouts that they make.

A commit is a decision where it is ours, by its committer and by its signature where those are checked, and its trailers
name this canary; trailers alone prove nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from gitcanary.errors import InvalidFile
from gitcanary.manifests import record_file, trailers
from gitcanary.manifests.catalog import Folder
from gitcanary.manifests.trailers import Trailers
from gitcanary.ports import Revised, Signed
from gitcanary.rollout.evidence import Verdict
from gitcanary.rollout.state import Action, Phase, Record


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit that touched the record: the record after it, and what its trailers claim.

    `is_ours` says whether it is gitcanary's; `before` is the record of the entry before it.
    """

    revised: Revised = field(repr=False)
    record: Record | None
    claims: Trailers | None
    is_ours: bool
    before: Record | None = None
    signed: Signed = Signed.UNCHECKED

    @property
    def action(self) -> Action | None:
        """What was decided; None where the commit is none of gitcanary's decisions."""
        return self.claims.action if self.claims and self.is_ours else None

    @property
    def is_claimed(self) -> bool:
        """Whether somebody else made this commit look like one of gitcanary's."""
        return self.claims is not None and not self.is_ours

    @property
    def subject(self) -> str:
        return self.revised.message.partition("\n")[0]

    @property
    def short(self) -> str:
        return self.revised.commit[:7]

    @property
    def committer(self) -> str:
        return f"{self.revised.committer} <{self.revised.committer_email}>"

    @property
    def reason(self) -> str:
        """What the subject says after naming the canary; empty where it says no more."""
        return self.subject.partition(": ")[2]

    @property
    def weight_before(self) -> int:
        return self.before.weight if self.before else 0

    @property
    def has_passed(self) -> bool | None:
        """Whether the check that this decision was made on passed; None where nothing was checked."""
        if self.record is None or self.action not in _ON_CHECKS:
            return None
        seen = self.record.evidence
        verdicts = [*(metric.verdict for metric in seen.metrics), *(hook.verdict for hook in seen.webhooks)]
        return all(verdict == Verdict.PASS for verdict in verdicts) if verdicts else None


class Result(StrEnum):
    """How a rollout ended, or that it has not."""

    ONBOARDED = "onboarded"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"
    SUPERSEDED = "superseded"
    SET_BACK = "set back"
    TERMINATED = "terminated"
    UNDER_WAY = "under way"
    FOREIGN = "not by gitcanary"


@dataclass(frozen=True, slots=True)
class Rollout:
    """The decisions about one revision, oldest first. `old` and `new` are the commits that brought the revisions."""

    entries: tuple[Entry, ...]
    old: str | None
    new: str
    revision: str
    result: Result = Result.UNDER_WAY

    @property
    def began(self) -> datetime:
        return self.entries[0].revised.committed_at

    @property
    def last(self) -> Entry:
        return self.entries[-1]

    @property
    def passed(self) -> int:
        return sum(entry.has_passed is True for entry in self.entries)

    @property
    def failed(self) -> int:
        return sum(entry.has_passed is False for entry in self.entries)


_ON_CHECKS = frozenset({Action.ADVANCE, Action.PROMOTE, Action.HALT, Action.ROLLBACK})
_OPENING = frozenset({Action.INITIALIZE, Action.START, Action.WAIT, Action.PROMOTE, Action.RESTART})
_ENDS = {Phase.FAILED: Result.ROLLED_BACK, Phase.TERMINATED: Result.TERMINATED}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where commits come from: whether one is ours, and what its signature is worth."""

    is_ours: Callable[[Revised], bool]
    signature: Callable[[str], Signed]


def read_entries(
    commits: Iterable[Revised], folder_at: Callable[[str], Folder], name: str, origin: Origin
) -> list[Entry]:
    """Return the entries of one record, oldest first.

    `commits` are those that touched the file `name` of the folder, newest first.
    """
    entries: list[Entry] = []
    for revised in reversed(list(commits)):
        folder = folder_at(revised.commit)
        record = _record(folder, name)
        before = entries[-1].record if entries else None
        claims = _claims(revised, folder.path, record or before)
        signed = origin.signature(revised.commit)
        entries.append(Entry(revised, record, claims, origin.is_ours(revised), before, signed))
    return entries


def read_rollouts(entries: Iterable[Entry]) -> list[Rollout]:
    """Return the rollouts that these entries, oldest first, make; what only looks like ours is one by itself."""
    found: list[Rollout] = []
    for entry in entries:
        if entry.is_claimed and entry.claims is not None:
            found.append(Rollout((entry,), None, entry.claims.source, entry.claims.revision, Result.FOREIGN))
        elif entry.action is not None and entry.record is not None:
            _take(found, entry, entry.action, entry.record)
    return found


def rollout_of(rollouts: Sequence[Rollout], entry: Entry) -> Rollout | None:
    """Return the rollout that an entry belongs to."""
    return next((each for each in rollouts if entry in each.entries), None)


def _claims(revised: Revised, path: str, record: Record | None) -> Trailers | None:
    claims = trailers.read(revised.message)
    if claims is None or record is None or (claims.canary, claims.path) != (record.canary, path):
        return None
    return claims


def _record(folder: Folder, name: str) -> Record | None:
    file = folder.files.get(name)
    try:
        return record_file.read(file.data) if file else None
    except InvalidFile:
        return None


def _take(found: list[Rollout], entry: Entry, action: Action, record: Record) -> None:
    """Let an entry go on with the rollout that is under way, or end it, or begin another."""
    index = _under_way(found)
    if index is not None and _is_another(found[index], action, record):
        found[index] = replace(found[index], result=_outrun(found[index]))
        index = None
    if index is None:
        if action in _OPENING or action is Action.ROLLBACK:
            found.append(_ended(_opened(entry, record), entry, record))
        return
    found[index] = _ended(replace(found[index], entries=(*found[index].entries, entry)), entry, record)


def _under_way(found: Sequence[Rollout]) -> int | None:
    return next((index for index, each in enumerate(found) if each.result is Result.UNDER_WAY), None)


def _is_another(rollout: Rollout, action: Action, record: Record) -> bool:
    """Tell whether a decision begins another rollout; a closed first gate may come to stand before a newer revision."""
    return action in _OPENING and record.revision != rollout.revision and not _is_onboarding_again(rollout, action)


def _is_onboarding_again(rollout: Rollout, action: Action) -> bool:
    return action is Action.INITIALIZE and rollout.entries[0].action is Action.INITIALIZE


def _outrun(rollout: Rollout) -> Result:
    is_onboarding = rollout.entries[0].action is Action.INITIALIZE
    return Result.ONBOARDED if is_onboarding else Result.SUPERSEDED


def _opened(entry: Entry, record: Record) -> Rollout:
    is_first = entry.action is Action.INITIALIZE
    known = entry.before or record
    old = None if is_first or not known.promoted else known.promoted[0].source
    return Rollout((entry,), old, record.source, record.revision)


def _ended(rollout: Rollout, entry: Entry, record: Record) -> Rollout:
    """Return the rollout with the result that its newest entry gives it."""
    if entry.action is Action.INITIALIZE:
        return replace(rollout, new=record.source, revision=record.revision)
    return replace(rollout, result=_result(rollout, entry, record))


def _result(rollout: Rollout, entry: Entry, record: Record) -> Result:
    match entry.action:
        case Action.ROUTE | Action.SCALE_DOWN if record.phase is Phase.INITIALIZED:
            return Result.ONBOARDED
        case Action.FINISH if record.phase in {Phase.FINALISING, Phase.SUCCEEDED}:
            return Result.PROMOTED if record.revision == rollout.revision else Result.SET_BACK
        case Action.ROLLBACK:
            return _ENDS.get(record.phase, Result.UNDER_WAY)
        case _:
            return Result.UNDER_WAY


def entry_of(entries: Sequence[Entry], commit: str) -> Entry | None:
    """Return the entry whose commit begins so."""
    return next((entry for entry in entries if entry.revised.commit.startswith(commit)), None)


def decisions(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Walk the entries that are gitcanary's own decisions."""
    return (entry for entry in entries if entry.action is not None)

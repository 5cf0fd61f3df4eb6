"""A canary's records in history: which are ours, what is believed of the present one, who changed what in it.

What only gitcanary writes is believed where gitcanary wrote it. `request` and `quarantine` are people's to change.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gitcanary.controller.history import History
from gitcanary.controller.subject import Folders, Subject
from gitcanary.errors import InvalidFile
from gitcanary.manifests import record_file
from gitcanary.ports import Revised
from gitcanary.rollout.state import Phase, Record, Touch

PROMOTED = frozenset({Phase.PROMOTING, Phase.FINALISING, Phase.SUCCEEDED})


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a record: see `State` for the fields."""

    record: Record | None
    touch: Touch | None
    is_edited: bool = False
    reverted: str | None = None


class Records:
    """Reads the history of records. `is_ours` tells whose a commit is."""

    def __init__(self, history: History, folders: Folders, is_ours: Callable[[Revised], bool]) -> None:
        self._history = history
        self._folders = folders
        self._is_ours = is_ours

    def belief(self, subject: Subject, record: Record, tip: str) -> Belief:
        """Return what is believed of the record at the tip.

        Where somebody else changed it, it is believed if it is again what we wrote once; else our newest record is,
        with the request and the quarantine that stand there. The first record of a canary may be anybody's.
        """
        touch = self._touch_of(subject, tip)
        if touch is None or touch.is_ours:
            return Belief(record, touch)
        present = bare(record)
        ours = (bare(found) for found in self._ours(subject, tip))
        newest = next(ours, None)
        if newest is None:
            return Belief(record, touch, is_edited=not is_beginning(record))
        if newest == present:
            return Belief(record, touch)
        if present in ours:
            return Belief(record, touch, is_edited=True, reverted=self._reverted(subject, present, tip))
        believed = replace(newest, request=record.request, quarantine=record.quarantine)
        return Belief(believed, touch, is_edited=True)

    def request_touch(self, subject: Subject, present: Record, tip: str) -> Touch | None:
        """Return the newest commit that changed the request; None where there is none."""
        if present.request is None:
            return None
        found: Revised | None = None
        for revised in self.walk(subject, tip):
            record = self._record(subject, revised.commit)
            if found is not None and (record is None or record.request != present.request):
                break
            found = revised
        return self._touch(found) if found else None

    def _touch_of(self, subject: Subject, tip: str) -> Touch | None:
        """Return the newest commit that changed more of the record than what is people's own to change."""
        newer: Revised | None = None
        for revised in self.walk(subject, tip):
            if newer is not None and self._differs(subject, newer, revised):
                break
            newer = revised
            if self._is_ours(revised):
                break
        return self._touch(newer) if newer else None

    def _reverted(self, subject: Subject, present: Record, tip: str) -> str | None:
        """Return the revision whose promotion was undone, where the record is again what it was before that."""
        promoted: str | None = None
        for found in self._ours(subject, tip):
            if bare(found) == present:
                return promoted if present.promoted and promoted != present.promoted[0].revision else None
            if promoted is None and found.phase in PROMOTED:
                promoted = found.revision
        return None

    def _ours(self, subject: Subject, tip: str) -> Iterator[Record]:
        """Walk the records that we wrote, newest first."""
        for revised in self.walk(subject, tip):
            record = self._record(subject, revised.commit) if self._is_ours(revised) else None
            if record is not None:
                yield record

    def walk(self, subject: Subject, tip: str) -> Iterator[Revised]:
        """Walk the commits that changed the record, newest first, along first parents.

        Somebody who merges the branch into their own line, and pushes that, puts our commits on the other side of the
        merge: then on along that side.
        """
        start: str | None = tip
        while start is not None:
            onward: str | None = None
            for revised in self._first_side(subject, start):
                onward = self._other_side(subject, revised)
                if onward is not None:
                    break
                yield revised
            start = onward

    def _first_side(self, subject: Subject, tip: str) -> Iterator[Revised]:
        for revised in self._history.touching(tip, subject.key.path):
            before = self._blob(subject, revised.parent) if revised.parent else None
            if self._blob(subject, revised.commit) != before:
                yield revised

    def _other_side(self, subject: Subject, merge: Revised) -> str | None:
        """Return the merged commit that has this record and descends from all that we wrote on the first side."""
        for side in merge.merged:
            if self._blob(subject, side) != self._blob(subject, merge.commit):
                continue
            first = self._first_side(subject, merge.parent or side)
            ours = next((each for each in first if self._is_ours(each)), None)
            if ours is None or self._history.is_ancestor(ours.commit, side):
                return side
        return None

    def _blob(self, subject: Subject, commit: str) -> str | None:
        file = self._folders.at(commit, subject.key.path).files.get(subject.record_name)
        return file.blob if file else None

    def _differs(self, subject: Subject, newer: Revised, older: Revised) -> bool:
        after, before = self._record(subject, newer.commit), self._record(subject, older.commit)
        return (after and bare(after)) != (before and bare(before))

    def _record(self, subject: Subject, commit: str) -> Record | None:
        """Return the record in a commit; None where there is none that can be read."""
        file = self._folders.at(commit, subject.key.path).files.get(subject.record_name)
        try:
            return record_file.read(file.data) if file else None
        except InvalidFile:
            return None

    def _touch(self, revised: Revised) -> Touch:
        return Touch(revised.commit, revised.author, self._is_ours(revised))


def bare(record: Record) -> Record:
    """Return a record without what people may change."""
    return replace(record, request=None, quarantine=())


def is_beginning(record: Record) -> bool:
    """Tell whether a record claims nothing but that onboarding began: people may merge what `init` wrote for them."""
    first = Record(
        canary=record.canary,
        phase=Phase.INITIALIZING,
        weight=0,
        since=record.since,
        revision=record.revision,
        source=record.source,
        spec=record.spec,
        evidence=record.evidence,
        promoted=record.promoted,
    )
    return bare(record) == first and [entry.revision for entry in record.promoted] == [record.revision]

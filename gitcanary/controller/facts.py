"""What Git itself knows about one canary: the revision's source, the awaited commit, who touched what."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from posixpath import basename

from gitcanary.controller.history import History
from gitcanary.controller.records import Belief, Records
from gitcanary.controller.subject import Folders, Key, Subject
from gitcanary.manifests import release
from gitcanary.manifests.catalog import Folder
from gitcanary.manifests.recent import Recent
from gitcanary.ports import Repository, Revised, Signed
from gitcanary.rollout.state import Awaited, Placed, Record, Revision, State, Touch

TRUSTED = frozenset({Signed.UNCHECKED, Signed.GOOD})
REMEMBERED = 16_384  # folders of which the placed values are kept


@dataclass(frozen=True, slots=True)
class Known:
    """A canary's facts, and what they were read from: they hold until either changes."""

    subject: Subject
    newest: str | None
    state: State


class Historian:
    """Reads the facts of a tip's history.

    `committer` is the e-mail address of our own commits. Where signatures are checked, ours has a good one; those up to
    and with `signed_after`, a commit, are known by the committer alone.
    """

    def __init__(
        self, repository: Repository, folders: Folders, committer: str, signed_after: str | None = None
    ) -> None:
        self._repository = repository
        self._folders = folders
        self._committer = committer
        self._signed_after = signed_after
        self.history = History(repository)
        self.records = Records(self.history, folders, self.is_ours)
        self._known: dict[Key, Known] = {}
        self._placed: Recent[object, Placed] = Recent(REMEMBERED)

    def state(self, subject: Subject, tip: str) -> State:
        """Return one canary as the tip holds it."""
        self.history.follow(tip)
        newest = self.history.newest(tip, subject.key.path)
        known = self._known.get(subject.key)
        if known is None or known.subject is not subject or known.newest != newest:
            known = self._known[subject.key] = Known(subject, newest, self._state(subject, tip))
        return known.state

    def forget(self, keys: Iterable[Key]) -> None:
        """Drop what is known of canaries that are no more, or at rest."""
        for key in keys:
            self._known.pop(key, None)

    def _state(self, subject: Subject, tip: str) -> State:
        placed = self._placed_in(subject.folder, subject)
        belief = self.records.belief(subject, subject.record, tip) if subject.record else Belief(None, None)
        record = belief.record
        return State(
            path=subject.key.path,
            revision=self._revision(subject, record, tip, wanted_revision(subject, record)),
            placed=placed,
            awaited=self.awaited(subject, tip),
            record=record,
            record_blob=subject.record_blob,
            is_record_edited=belief.is_edited,
            is_scalable=release.is_scalable(subject.folder, subject.canary),
            primary_replicas=release.primary_replicas(subject.folder, subject.canary),
            record_touch=belief.touch,
            weight_touch=self._weight_touch(subject, tip) if record and placed.weight != record.weight else None,
            request_touch=self.records.request_touch(subject, record, tip) if record else None,
            primary_touch=self._primary_touch(subject, tip, placed) if record else None,
            reverted=belief.reverted,
            existing=self._existing(subject, tip, placed),
            is_record_lost=self._is_record_lost(subject, tip, placed),
        )

    def placed_at(self, subject: Subject, commit: str) -> Placed:
        """Return the values that gitcanary places, as any commit holds them."""
        return self._placed_in(self._folder(subject, commit), subject)

    def _folder(self, subject: Subject, commit: str) -> Folder:
        return self._folders.at(commit, subject.key.path, subject.canary.further)

    def is_ours(self, revised: Revised) -> bool:
        """Tell whether a commit is ours: by its committer, and by its signature where those are checked."""
        if revised.committer_email != self._committer:
            return False
        return self._repository.signature(revised.commit) in TRUSTED or self._is_before_signing(revised.commit)

    def awaited(self, subject: Subject, tip: str) -> Awaited | None:
        """Return the newest commit, at or before `tip`, that changed one of the placed values."""
        found = self._newest_change(subject, tip, lambda commit: self.placed_at(subject, commit))
        return Awaited(found.commit, found.committed_at) if found else None

    def is_same(self, subject: Subject, commit: str, tip: str) -> bool:
        """Tell, without reading any file, whether nothing of the canary's folder changed between two commits."""
        path = subject.key.path
        return self.history.newest(commit, path) == self.history.newest(tip, path)

    def _placed_in(self, folder: Folder, subject: Subject) -> Placed:
        canary = subject.canary
        about = (folder.path, folder.content, canary.spec.blob, canary.namespace, canary.name)
        return self._placed.get(about, lambda: release.placed(folder, canary))

    def _revision(self, subject: Subject, record: Record | None, tip: str, digest: str) -> Revision:
        """Return the target's revision; its source is the newest commit at which the target became it."""
        if record is not None and record.revision == digest:
            return Revision(digest, record.source)
        found = self._newest_change(subject, tip, lambda commit: self._wanted_at(subject, commit))
        return Revision(digest, found.commit if found else tip)

    def _wanted_at(self, subject: Subject, commit: str) -> str | None:
        if subject.canary.spec.has_source:
            return release.wanted(self._folder(subject, commit), subject.canary)
        return self.placed_at(subject, commit).canary

    def _existing(self, subject: Subject, tip: str, placed: Placed) -> Revision | None:
        """Return what the primary runs that people have, and since which commit; None where it is generated."""
        if subject.record is not None or subject.canary.declared is None or placed.primary is None:
            return None
        found = self._newest_change(subject, tip, lambda commit: self.placed_at(subject, commit).primary)
        return Revision(placed.primary, found.commit if found else tip)

    def _is_record_lost(self, subject: Subject, tip: str, placed: Placed) -> bool:
        """Tell whether the record was there and is gone, although nobody took the canary back.

        A generated primary tells it by itself. People's own is there before any record: then history does, unless the
        Canary went with its record.
        """
        if subject.record is not None or subject.canary.declared is None:
            return subject.record is None and placed.primary is not None
        removal = next(self.records.walk(subject, tip), None)
        return removal is not None and basename(subject.canary.file) in self._folder(subject, removal.commit).files

    def _newest_change(self, subject: Subject, tip: str, value: Callable[[str], object]) -> Revised | None:
        """Return the newest commit at or before `tip` after which a value of the canary differs from before."""
        found: Revised | None = None
        for found in self.history.touching(tip, subject.key.path):
            if found.parent is None or value(found.commit) != value(found.parent):
                return found
        return found

    def _weight_touch(self, subject: Subject, tip: str) -> Touch | None:
        found = self._newest_change(subject, tip, lambda commit: self.placed_at(subject, commit).weight)
        return self._touch(found) if found else None

    def _primary_touch(self, subject: Subject, tip: str, placed: Placed) -> Touch | None:
        """Return the newest commit that changed the primary's values since our own newest one, if they differ now."""
        ours = next((each for each in self.records.walk(subject, tip) if self.is_ours(each)), None)
        if ours is None or self.placed_at(subject, ours.commit).primary == placed.primary:
            return None
        found = self._newest_change(subject, tip, lambda commit: self.placed_at(subject, commit).primary)
        return self._touch(found) if found else None

    def _is_before_signing(self, commit: str) -> bool:
        return self._signed_after is not None and self.history.is_ancestor(commit, self._signed_after)

    def _touch(self, revised: Revised) -> Touch:
        return Touch(revised.commit, revised.author, self.is_ours(revised))


def wanted_revision(subject: Subject, record: Record | None) -> str:
    """Return the revision that people want next.

    Beside a Canary that cannot be honoured, a target that is not there once and readable says nothing: then it is the
    record's still.
    """
    folder, canary = subject.folder, subject.canary
    wanted = release.wanted(folder, canary)
    if subject.is_former and record is not None and (wanted is None or release.is_doubled(folder, canary)):
        return record.revision
    return wanted or ""

"""What Git itself knows about one canary: the revision's source, the awaited commit, who touched what."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from gitcanary.controller.subject import Folders, Subject
from gitcanary.errors import InvalidFile
from gitcanary.manifests import record_file, release
from gitcanary.manifests.catalog import Folder
from gitcanary.ports import Repository, Revised, Signed
from gitcanary.rollout.state import Awaited, Phase, Placed, Record, Revision, State, Touch

TRUSTED = frozenset({Signed.UNCHECKED, Signed.GOOD})
PROMOTED = frozenset({Phase.PROMOTING, Phase.FINALISING, Phase.SUCCEEDED})


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

    def state(self, subject: Subject, tip: str) -> State:
        """Return one canary as the tip holds it."""
        placed = release.placed(subject.folder, subject.canary)
        record = subject.record
        touch = self._record_touch(subject, tip) if record else None
        return State(
            path=subject.key.path,
            revision=self._revision(subject, tip, placed.canary or ""),
            placed=placed,
            awaited=self.awaited(subject, tip),
            record=record,
            record_blob=subject.record_blob,
            is_scalable=release.is_scalable(subject.folder, subject.canary),
            primary_replicas=release.primary_replicas(subject.folder, subject.canary),
            record_touch=touch,
            weight_touch=self._weight_touch(subject, tip) if record and placed.weight != record.weight else None,
            request_touch=self._newest_touch(subject, tip) if record and record.request else None,
            primary_touch=self._primary_touch(subject, tip, placed) if record else None,
            reverted=self._reverted(subject, tip) if touch and not touch.is_ours else None,
        )

    def placed_at(self, subject: Subject, commit: str) -> Placed:
        """Return the values that gitcanary places, as any commit holds them."""
        return release.placed(self._folders.at(commit, subject.key.path), subject.canary)

    def is_ours(self, revised: Revised) -> bool:
        """Tell whether a commit is ours: by its committer, and by its signature where those are checked."""
        if revised.committer_email != self._committer:
            return False
        return self._repository.signature(revised.commit) in TRUSTED or self._is_before_signing(revised.commit)

    def awaited(self, subject: Subject, tip: str) -> Awaited | None:
        """Return the newest commit, at or before `tip`, that changed one of the placed values."""
        found = self._newest_change(subject, tip, lambda folder: release.placed(folder, subject.canary))
        return Awaited(found.commit, found.committed_at) if found else None

    def _revision(self, subject: Subject, tip: str, digest: str) -> Revision:
        """Return the target's revision; its source is the newest commit at which the target became it."""
        record = subject.record
        if record is not None and record.revision == digest:
            return Revision(digest, record.source)
        found = self._newest_change(subject, tip, lambda folder: release.placed(folder, subject.canary).canary)
        return Revision(digest, found.commit if found else tip)

    def _newest_change(self, subject: Subject, tip: str, value: Callable[[Folder], object]) -> Revised | None:
        """Return the newest commit at or before `tip` after which a value of the folder differs from before."""
        path = subject.key.path
        present = value(self._folders.at(tip, path))
        last: Revised | None = None
        for revised in self._repository.history(tip, [path]):
            if last is not None and value(self._folders.at(revised.commit, path)) != present:
                return last
            last = revised
        return last

    def _weight_touch(self, subject: Subject, tip: str) -> Touch | None:
        found = self._newest_change(subject, tip, lambda folder: release.placed(folder, subject.canary).weight)
        return self._touch(found) if found else None

    def _primary_touch(self, subject: Subject, tip: str, placed: Placed) -> Touch | None:
        """Return the newest commit that changed the primary's values since our own newest one, if they differ now."""
        ours = next((each for each in self._repository.history(tip, [subject.record_file]) if self.is_ours(each)), None)
        if ours is None or self.placed_at(subject, ours.commit).primary == placed.primary:
            return None
        found = self._newest_change(subject, tip, lambda folder: release.placed(folder, subject.canary).primary)
        return self._touch(found) if found else None

    def _newest_touch(self, subject: Subject, tip: str) -> Touch | None:
        found = next(self._repository.history(tip, [subject.record_file]), None)
        return self._touch(found) if found else None

    def _record_touch(self, subject: Subject, tip: str) -> Touch | None:
        """Return the newest commit that changed more of the record than what is people's own to change."""
        commits = self._repository.history(tip, [subject.record_file])
        for newer, older in pairwise((*commits_until_ours(commits, self.is_ours), None)):
            if newer is None:
                break
            if self.is_ours(newer) or older is None or self._differs(subject, newer, older):
                return self._touch(newer)
        return None

    def _reverted(self, subject: Subject, tip: str) -> str | None:
        """Return the revision whose promotion was undone, where the record is again what it was before that."""
        present = self._ours_of(subject, tip)
        promoted: str | None = None
        for revised in self._repository.history(tip, [subject.record_file]):
            record = self._ours_of(subject, revised.commit) if self.is_ours(revised) else None
            if record is None or present is None:
                continue
            if record == present:
                return promoted if present.promoted and promoted != present.promoted[0].revision else None
            if promoted is None and record.phase in PROMOTED:
                promoted = record.revision
        return None

    def _differs(self, subject: Subject, newer: Revised, older: Revised) -> bool:
        return self._ours_of(subject, newer.commit) != self._ours_of(subject, older.commit)

    def _ours_of(self, subject: Subject, commit: str) -> Record | None:
        """Return the record in a commit without what people may change."""
        file = self._folders.at(commit, subject.key.path).files.get(f"{subject.key.name}.rollout")
        try:
            return replace(record_file.read(file.data), request=None, quarantine=()) if file else None
        except InvalidFile:
            return None

    def _is_before_signing(self, commit: str) -> bool:
        return self._signed_after is not None and self._repository.is_ancestor(commit, self._signed_after)

    def _touch(self, revised: Revised) -> Touch:
        return Touch(revised.commit, revised.author, self.is_ours(revised))


def commits_until_ours(commits: Iterator[Revised], is_ours: Callable[[Revised], bool]) -> Iterator[Revised]:
    """Walk commits up to and with the first of ours: what is older was seen when that one was made."""
    for revised in commits:
        yield revised
        if is_ours(revised):
            return

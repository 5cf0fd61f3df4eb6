"""Committed is not applied: what is live, judged from what the sync gates say and what the repository holds there."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gitcanary.controller.facts import Historian
from gitcanary.controller.subject import Key, Subject
from gitcanary.manifests import names
from gitcanary.ports import Sighting
from gitcanary.rollout.evidence import Live, LiveStatus
from gitcanary.rollout.state import Awaited, State

SECOND = timedelta(seconds=1)
SEVERITY = (LiveStatus.INEFFECTIVE, LiveStatus.BLOCKED, LiveStatus.PENDING, LiveStatus.APPLIED)


class Watcher:
    """Judges sightings. Remembers since when a commit is live; losing that postpones decisions and changes none.

    A gate's time that is more than an interval ahead says nothing: a clock was set back. What it shows counts from when
    it was first seen, as with a gate that gives no time.
    """

    def __init__(self, historian: Historian) -> None:
        self._historian = historian
        self._history = historian.history
        self._since: dict[Key, tuple[tuple[str, bool], datetime]] = {}

    def forget(self, keys: Iterable[Key]) -> None:
        """Drop what is known of canaries that are no more, or at rest."""
        for key in keys:
            self._since.pop(key, None)

    def judge(self, subject: Subject, state: State, tip: str, sightings: Sequence[Sighting], now: datetime) -> Live:
        """Return what is live by all gates together: the least of what they say."""
        lives = [self._judge_one(subject, state, tip, sighting) for sighting in sightings]
        latest = now + subject.canary.spec.interval
        least = min(lives, key=lambda live: SEVERITY.index(live.status))
        if least.status is LiveStatus.APPLIED:
            since = max((live.since for live in lives if live.since), default=None)
            return self._remember(subject.key, without_future(combine(lives, since), latest), now)
        live = without_future(least, latest)
        if live.since != least.since:
            return self._remember(subject.key, live, now)
        if any(each.placed not in {None, state.placed} for each in lives):
            self._since.pop(subject.key, None)  # other values were live: what comes back begins anew
        return live

    def _judge_one(self, subject: Subject, state: State, tip: str, sighting: Sighting) -> Live:
        revision = self._applied_revision(subject, tip, sighting)
        if sighting.trouble or revision is None:
            return Live(LiveStatus.PENDING, sighting.by, reason=sighting.trouble or "nothing is applied yet")
        if not self._history.is_ancestor(revision, tip):
            reason = f"it applies {revision[:7]}, which the branch does not hold"
            return Live(LiveStatus.PENDING, sighting.by, reason=reason)
        return told_ready(self._judge_revision(subject, state, tip, sighting, revision), subject, sighting)

    def _judge_revision(self, subject: Subject, state: State, tip: str, sighting: Sighting, revision: str) -> Live:
        is_same = self._historian.is_same(subject, revision, tip)
        placed = state.placed if is_same else self._historian.placed_at(subject, revision)
        is_applied = placed == state.placed
        live = self._live_commit(subject, state, revision) if is_applied else self._historian.awaited(subject, revision)
        since = became_live(sighting, live.committed_at) if live is not None else None
        primary, canary = names.workloads(subject.canary)
        status = LiveStatus.APPLIED if is_applied else LiveStatus.BLOCKED if sighting.blocked else LiveStatus.PENDING
        return Live(
            status=status,
            by=sighting.by,
            commit=live.commit if live is not None else None,
            since=since,
            placed=placed,
            reason=None if is_applied else sighting.blocked or f"it applies {revision[:7]}",
            primary_ready=is_ready(sighting, subject, primary),
            canary_ready=is_ready(sighting, subject, canary),
            not_ready_since=whole_second(sighting.not_ready_since),
        )

    def _live_commit(self, subject: Subject, state: State, revision: str) -> Awaited | None:
        """Return the newest commit at or before `revision` that placed what is the same as at the tip."""
        awaited = state.awaited
        if awaited is not None and self._history.is_ancestor(awaited.commit, revision):
            return awaited
        return self._historian.awaited(subject, revision)

    def _applied_revision(self, subject: Subject, tip: str, sighting: Sighting) -> str | None:
        """Return the commit that is applied; a gate that knows only a time means the newest commit up to it."""
        if sighting.committed_until is None:
            return sighting.revision
        commits = self._history.touching(tip, subject.key.path)
        return next((each.commit for each in commits if each.committed_at <= sighting.committed_until), None)

    def _remember(self, key: Key, live: Live, now: datetime) -> Live:
        """Return what is live with the earliest time that was ever told for this commit, else ever seen."""
        if live.commit is None:
            return live
        shown, since = (live.commit, live.since is not None), live.since or now
        known, before = self._since.get(key, (shown, since))
        first = min(before, since) if known == shown else since
        self._since[key] = (shown, first)
        return replace(live, since=first)


def without_future(live: Live, latest: datetime) -> Live:
    """Return what is live without the times that a clock which was set back told: those later than `latest`."""
    times = (live.since, live.not_ready_since)
    since, not_ready_since = (time if time is not None and time <= latest else None for time in times)
    return replace(live, since=since, not_ready_since=not_ready_since)


def combine(lives: Sequence[Live], since: datetime | None) -> Live:
    """Return several gates' agreement as one: the last to see it live, ready where nobody says otherwise."""
    return replace(
        lives[0],
        by=", ".join(live.by for live in lives),
        since=since,
        not_ready_since=max((live.not_ready_since for live in lives if live.not_ready_since), default=None),
        primary_ready=all_ready([live.primary_ready for live in lives]),
        canary_ready=all_ready([live.canary_ready for live in lives]),
    )


def all_ready(known: Sequence[bool | None]) -> bool | None:
    """Return False where any gate says not ready, None where none of them knows."""
    said = [each for each in known if each is not None]
    return all(said) if said else None


def became_live(sighting: Sighting, committed_at: datetime) -> datetime | None:
    """Return since when a commit is live, by the gate's own clock; None where it gives no time.

    That nothing is live before it was committed is the rules' to say: they know when a committer date is not to be
    believed.
    """
    if sighting.delay is not None:
        return whole_second(committed_at + sighting.delay)
    return whole_second(sighting.at)


def told_ready(live: Live, subject: Subject, sighting: Sighting) -> Live:
    """Return what is live, as pending where the gate reports readiness but not of these workloads."""
    primary, canary = names.workloads(subject.canary)
    silent = [
        name for name in (canary, primary) if sighting.ready is not None and is_ready(sighting, subject, name) is None
    ]
    if not silent or live.status is not LiveStatus.APPLIED:
        return live
    reason = f"it does not say whether {' and '.join(silent)} is ready"
    return replace(live, status=LiveStatus.PENDING, reason=reason)


def is_ready(sighting: Sighting, subject: Subject, workload: str) -> bool | None:
    """Tell whether a workload is ready; None where the gate does not say."""
    if sighting.ready is None:
        return None
    return sighting.ready.get(f"{subject.canary.namespace}/{workload}")


def whole_second(instant: datetime | None) -> datetime | None:
    """Return the first whole second at or after an instant: records keep no fractions and claim nothing early."""
    if instant is None or not instant.microsecond:
        return instant
    return instant.replace(microsecond=0) + SECOND

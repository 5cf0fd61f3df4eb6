"""One canary's facts together, with the questions about them that several rules ask."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gitcanary.rollout.evidence import Evidence, Live, LiveStatus
from gitcanary.rollout.spec import OnRevert, Spec
from gitcanary.rollout.state import (
    AT_REST,
    Observed,
    Phase,
    Promoted,
    Record,
    SeenHook,
    SeenLive,
    SeenMetric,
    SeenReady,
    State,
    Verb,
)


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule decides on: the spec, the tip, its record, and what is known of the world."""

    spec: Spec
    state: State
    record: Record
    evidence: Evidence

    @property
    def now(self) -> datetime:
        return self.evidence.now

    @property
    def weight(self) -> int:
        """The canary's weight as the files hold it; 0 before anything is routed."""
        return self.state.placed.weight or 0

    @property
    def holds_recorded_revision(self) -> bool:
        """Whether the target still holds the revision that the record is about."""
        return self.state.revision.digest == self.record.revision

    @property
    def promoted_revision(self) -> str | None:
        """The revision that the primary was given last."""
        return self.record.promoted[0].revision if self.record.promoted else None

    @property
    def promotable(self) -> Promoted:
        """The recorded revision, at the commit that brought it: exactly what was analysed."""
        return Promoted(self.record.revision, self.record.source, self.now, self.side)

    @property
    def side(self) -> str:
        """At whose location a revision that people bring stands first."""
        return "source" if self.spec.has_source else "canary"

    @property
    def lacks_its_values(self) -> bool:
        """Whether the canary has not been given the recorded revision yet, or somebody gave it another one."""
        return self.spec.has_source and self.state.placed.canary != self.record.revision

    @property
    def has_edited_weight(self) -> bool:
        """Whether the files hold another weight than the record of a canary that is not at rest."""
        is_settled = self.record.phase in AT_REST or self.record.phase is Phase.INITIALIZING
        return not is_settled and self.state.placed.weight != self.record.weight

    @property
    def is_stopped(self) -> bool:
        """Whether a person, the spec or a hold stops every move but the way back."""
        is_stopped_by_spec = self.spec.is_suspended or self.spec.is_former
        return is_stopped_by_spec or self.record.paused is not None or self.record.hold is not None

    @property
    def has_pods_to_take(self) -> bool:
        """Whether the target has literal replicas above zero that a scale-down would take away."""
        return self.state.is_scalable and bool(self.state.placed.replicas)

    def asks_for(self, verb: Verb) -> bool:
        """Tell whether a person asks for this."""
        return self.record.request is not None and self.record.request.verb == verb

    def was_promoted(self, revision: str) -> bool:
        """Tell whether a revision may be promoted without analysis, because the primary ran it before."""
        return self.spec.on_revert is OnRevert.PROMOTE and any(
            entry.revision == revision for entry in self.record.promoted
        )


def is_live(live: Live) -> bool:
    """Tell whether what was committed is what is applied."""
    return live.status is LiveStatus.APPLIED


def live_since(case: Case, live: Live) -> datetime:
    """Return since when the live values are live; now where nobody can tell."""
    return told_since(case, live) or case.now


def told_since(case: Case, live: Live) -> datetime | None:
    """Return since when the live values are live, by the sync tool's word, or the record's where that gives none.

    Never earlier than the commit that is awaited. Clocks differ, but more than an interval ahead says nothing.
    """
    seen, awaited = case.record.evidence.live, case.state.awaited
    times = [live.since]
    if live.since is None and seen and seen.commit == live.commit and seen.status == LiveStatus.APPLIED:
        times.append(seen.since)
    latest = case.now + case.spec.interval
    since = min((time for time in times if time is not None and time <= latest), default=None)
    if since is None or not is_live(live) or awaited is None or awaited.committed_at > case.now:
        return since
    return max(since, awaited.committed_at)


def observe(
    case: Case,
    *,
    checked_at: datetime | None = None,
    metrics: tuple[SeenMetric, ...] = (),
    webhooks: tuple[SeenHook, ...] = (),
) -> Observed:
    """Return what this decision saw, for the record. What it did not ask is kept from the decision before."""
    before, live = case.record.evidence, case.evidence.live
    return Observed(
        observed_at=case.now,
        checked_at=checked_at or before.checked_at,
        settle=case.spec.settle,
        live=seen_live(case, live) if live else before.live,
        ready=SeenReady(live.primary_ready, live.canary_ready, live.not_ready_since) if live else before.ready,
        metrics=metrics,
        webhooks=webhooks,
    )


def seen_live(case: Case, live: Live) -> SeenLive | None:
    """Return the live values as the record keeps them; None where nobody knows what is applied."""
    if live.commit is None or live.placed is None:
        return None
    since = live_since(case, live) if is_live(live) else live.since
    return SeenLive(live.commit, since, live.placed.weight, live.by, live.status)


def lasted(since: datetime | None, now: datetime, limit: timedelta) -> bool:
    """Tell whether something that began at `since` has lasted as long as `limit`."""
    return since is not None and now - since >= limit


WATCHED = frozenset({Phase.PROGRESSING, Phase.WAITING_PROMOTION, Phase.PROMOTING})

"""A workload whose values are live does not become ready."""

from gitcanary.rollout.case import WATCHED, Case, is_live, lasted, live_since
from gitcanary.rollout.decision import Ask, Commit
from gitcanary.rollout.evidence import Live, LiveQuestion
from gitcanary.rollout.moves import roll_back
from gitcanary.rollout.state import Phase


def unready(case: Case) -> Ask | Commit | None:
    """Roll back a canary, or undo a promotion, whose workload is live and not ready for the progress deadline."""
    if case.record.phase not in WATCHED or case.record.restoring:
        return None
    if case.evidence.live is None:
        return Ask(frozenset({LiveQuestion()}))
    live = case.evidence.live
    deadline = int(case.spec.progress_deadline.total_seconds())
    if is_primary_late(case, live):
        return roll_back(case, f"primary not ready within {deadline} s")
    if is_canary_late(case, live):
        return roll_back(case, f"canary not ready within {deadline} s")
    return None


def is_canary_late(case: Case, live: Live) -> bool:
    """Tell whether the canary's values are live and its workload was not ready for too long."""
    if live.canary_ready is not False or live.placed is None or live.placed.canary != case.record.revision:
        return False
    if live.primary_ready is False or live.not_ready_since is None:
        # Nobody says since when the canary is not ready: what was ready before began at an unknown time.
        return not was_seen_ready(case, live) and lasted(live_since(case, live), case.now, case.spec.progress_deadline)
    return is_late(case, live)


def was_seen_ready(case: Case, live: Live) -> bool:
    """Tell whether the canary was ready before: it got weight, or the last decision saw it so."""
    seen = case.record.evidence
    is_same = seen.live is not None and seen.live.commit == live.commit
    return case.record.weight > 0 or (is_same and seen.ready is not None and seen.ready.canary is True)


def is_primary_late(case: Case, live: Live) -> bool:
    """Tell whether the primary that is being promoted was not ready for too long. In mid-run it never rolls back."""
    if case.record.phase is not Phase.PROMOTING or not is_live(live) or live.primary_ready is not False:
        return False
    return is_late(case, live)


def is_late(case: Case, live: Live) -> bool:
    """Tell whether what is live has not been ready for the deadline, counted from when it became live."""
    since = live_since(case, live)
    if live.not_ready_since is not None:
        since = max(since, live.not_ready_since)
    return lasted(since, case.now, case.spec.progress_deadline)

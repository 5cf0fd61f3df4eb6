"""What a canary waits for, in words that `status` shows, and whether that has lasted too long."""

from datetime import datetime, timedelta

from gitcanary.rollout.case import Case, lasted, live_since
from gitcanary.rollout.checks import Check, troubles
from gitcanary.rollout.decision import Ask, For, Wait
from gitcanary.rollout.evidence import Live, LiveQuestion
from gitcanary.rollout.gates import Gate
from gitcanary.rollout.pace import Beat, grid_of, next_beat
from gitcanary.rollout.state import Awaited

ASK_LIVE = Ask(frozenset({LiveQuestion()}))


def wait_for_live(case: Case, live: Live) -> Wait:
    """Wait until the tip's values are applied; overdue after the spec's `syncTimeout`."""
    awaited = case.state.awaited
    name = awaited.commit[:7] if awaited else "the tip"
    why = f"{name} is not live yet ({live.by}: {live.reason or live.status})"
    return Wait(For.LIVE, why, next_beat(case, live), is_overdue=is_sync_late(case, awaited))


def is_sync_late(case: Case, awaited: Awaited | None) -> bool:
    """Tell whether a commit is not live for longer than the spec allows."""
    return awaited is not None and lasted(awaited.committed_at, case.now, case.spec.sync_timeout)


def wait_for_ready(case: Case, live: Live, workload: str) -> Wait:
    """Wait until a workload is ready; the deadline is `unready`'s affair."""
    late = lasted(live_since(case, live), case.now, case.spec.progress_deadline)
    return Wait(For.READY, f"{workload} is not ready", next_beat(case, live), is_overdue=late)


def wait_for_gate(case: Case, gate: Gate, beat: Beat) -> Wait:
    """Wait until a gate opens; it is asked again every interval."""
    until = beat.at + case.spec.interval
    if gate.is_closed:
        return Wait(For.GATE, f"{gate.kind} ({gate.shut_by}) closed", until)
    trouble = troubles(case).get(gate.shut_by)
    why = f"{gate.kind} ({gate.shut_by}) could not be asked{f': {trouble}' if trouble else ''}"
    return Wait(For.DATA, why, until, is_overdue=is_gate_late(case))


def is_gate_late(case: Case) -> bool:
    """Tell whether a gate could not be asked for longer than the spec allows.

    Nothing notes since when. It is counted from the newest of what may have led to the gate, and an interval later.
    """
    awaited, waiting = case.state.awaited, case.record.waiting
    times = [case.record.since, case.record.evidence.checked_at, awaited.committed_at if awaited else None]
    times.append(waiting.since if waiting else None)
    begun = max((time for time in times if time is not None and time <= case.now), default=None)
    return lasted(begun, case.now, case.spec.sync_timeout + case.spec.interval)


def wait_for_check(case: Case, live: Live, found: Check | None) -> Wait:
    """Wait until the next check, and say what the last one lacked."""
    until = next_beat(case, live)
    if found is not None and found.doubt is not None:
        is_overdue = lasted(last_verdict(case, live), case.now, longest_without_verdict(case))
        return Wait(For.DATA, found.doubt, until, is_overdue=is_overdue)
    return Wait(For.CHECK, why_unchecked(case, live), until)


def last_verdict(case: Case, live: Live) -> datetime:
    """Return the newest instant up to which nobody can complain about a missing verdict."""
    return max(live_since(case, live), case.record.evidence.checked_at or case.record.since)


def longest_without_verdict(case: Case) -> timedelta:
    """Return for how long there may be no verdict: a window that is longer than `syncTimeout` has to fill first."""
    window = max((metric.window for metric in case.spec.metrics), default=timedelta())
    return max(case.spec.sync_timeout, case.spec.settle + window + case.spec.interval)


def why_unchecked(case: Case, live: Live) -> str:
    """Return what the next approval waits for: the longest window that is not full yet, or the next check."""
    grid = grid_of(case, live)
    window, name = max(((m.window, m.name) for m in case.spec.metrics), default=(timedelta(), None))
    if grid is None or name is None or case.now - grid.origin >= window:
        return "the next check"
    left = grid.origin + window - case.now
    return f"{name}: {left.total_seconds():.0f}s of its {window.total_seconds():.0f}s window left"

"""A person, the spec or a hold stops every move but the way back."""

from gitcanary.rollout.case import Case
from gitcanary.rollout.decision import For, Wait
from gitcanary.rollout.pace import next_beat


def paused(case: Case) -> Wait | None:
    """Wait for a person. Checks go on meanwhile: the rules above have seen to those that are due."""
    if not case.is_stopped or case.record.restoring:
        return None
    live = case.evidence.live
    until = None if live is None else next_beat(case, live) or case.now + case.spec.interval
    return Wait(For.PERSON, why_stopped(case), until, is_overdue=case.record.hold is not None)


def why_stopped(case: Case) -> str:
    """Return what stops the rollout, in words."""
    if case.record.hold is not None:
        return f"held: {case.record.hold.reason}; `resume` goes on from here, `abort` rolls back"
    if case.record.paused is not None:
        return f"paused by {case.record.paused.by}"
    return "suspended in the spec"

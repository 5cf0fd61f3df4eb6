"""A person, the spec or a hold stops every move but the way back.

Finish takes the canary's weight away once the primary serves the promoted values: a pause or a suspension does not
hold that up. A hold does: it is there because a person wrote the weights or the primary, which Finish would write over,
or send everybody to.
"""

from gitcanary.rollout.case import Case
from gitcanary.rollout.decision import For, Wait
from gitcanary.rollout.pace import next_beat
from gitcanary.rollout.state import Phase


def paused(case: Case) -> Wait | None:
    """Wait for a person. Checks go on meanwhile: the rules above have seen to those that are due."""
    is_on_its_way_back = case.record.restoring or (case.record.phase is Phase.PROMOTING and case.record.hold is None)
    if not case.is_stopped or is_on_its_way_back:
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
    if case.spec.is_former:
        return f"its Canary cannot be honoured; by its spec of {case.spec.blob[:7]} nothing but the way back is open"
    return "suspended in the spec"

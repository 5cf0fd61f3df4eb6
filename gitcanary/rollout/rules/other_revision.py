"""The target holds another revision than the rollout is about."""

from gitcanary.rollout.case import Case, observe
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.due import passed
from gitcanary.rollout.moves import abandon, clear_weight, finish, give_back, promote, restart, roll_back
from gitcanary.rollout.state import AT_REST, IN_ANALYSIS, Phase, Promoted


def other_revision(case: Case) -> Commit | None:
    """Take the weight from a revision that is not the record's any more; put a promoted one back without analysis."""
    if case.record.phase in AT_REST | {Phase.FINALISING}:
        return go_back(case)
    if case.record.is_quarantined(case.record.revision):
        return give_up(case)
    if case.holds_recorded_revision:
        return unasked_values(case)
    if case.record.phase in IN_ANALYSIS | {Phase.WAITING}:
        return in_analysis(case)
    return while_promoting(case) if case.record.phase is Phase.PROMOTING else None


def give_up(case: Case) -> Commit | None:
    """Roll back a revision that somebody put in the quarantine in mid-run."""
    if case.record.phase is Phase.INITIALIZING or case.record.restoring:
        return None
    return roll_back(case, f"{case.record.revision[7:19]} is in the quarantine", passed(case))


def go_back(case: Case) -> Commit | None:
    """Promote, without analysis, a revision that the primary ran before and that is not what it runs now."""
    digest = case.state.revision.digest
    if digest == case.promoted_revision or case.record.is_quarantined(digest) or not case.was_promoted(digest):
        return None
    again = Promoted(digest, case.state.revision.source, case.now, case.side)
    return promote(case, observe(case), again, "promoted before, so without analysis")


def in_analysis(case: Case) -> Commit | None:
    """End the rollout of a revision that is gone: back to the promoted one, or from the first step with the new one."""
    digest = case.state.revision.digest
    if digest == case.promoted_revision:
        return finish(case, "the target was set back to what the primary runs")
    if case.record.is_quarantined(digest):
        return abandon(case, f"the target now holds {digest[7:19]}, which is in the quarantine")
    return None if case.record.phase is Phase.WAITING else restart(case)


def unasked_values(case: Case) -> Commit | None:
    """Take the weight from values that somebody gave to the canary by hand while its revision is promoted."""
    is_promoting = case.record.phase is Phase.PROMOTING and not case.record.restoring
    return clear_weight(case) if is_promoting and case.lacks_its_values and case.weight else None


def while_promoting(case: Case) -> Commit | None:
    """Take the weight to 0 at once and let the promotion go on; undo it if the target was set back."""
    if case.record.restoring:
        return None
    if case.state.revision.digest == case.promoted_revision:
        return give_back(case, "the target was set back to what the primary ran before")
    return clear_weight(case) if case.weight else None

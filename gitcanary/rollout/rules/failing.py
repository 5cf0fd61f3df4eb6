"""What is live fails its checks."""

from gitcanary.rollout.case import WATCHED, Case
from gitcanary.rollout.checks import Check, check
from gitcanary.rollout.decision import Ask, Commit
from gitcanary.rollout.evidence import Live, LiveQuestion
from gitcanary.rollout.moves import halt, roll_back
from gitcanary.rollout.pace import due_beat
from gitcanary.rollout.state import Phase


def failing(case: Case) -> Ask | Commit | None:
    """Count a failed check, and roll back at once when there are as many as the threshold.

    Only failures of what is live count: traffic of this revision, or the webhooks before its first step. A check
    that was counted is not counted again, and one that waits for its webhooks' answers holds up nothing that goes
    back.
    """
    if case.record.phase not in WATCHED or case.record.restoring or not case.holds_recorded_revision:
        return None
    if case.evidence.live is None:
        return Ask(frozenset({LiveQuestion()}))
    live = case.evidence.live
    beat = due_beat(case, live)
    if beat is None or not has_something_to_judge(case, live):
        return None
    found = check(case, beat, live)
    return found if isinstance(found, Ask) else count(case, found)


def has_something_to_judge(case: Case, live: Live) -> bool:
    """Tell whether the live canary is this revision and gets traffic, or is ready for its first step's webhooks."""
    if live.placed is None or live.placed.canary != case.record.revision:
        return False
    if live.placed.weight:
        return True
    return case.record.phase is Phase.PROGRESSING and live.canary_ready is not False


def count(case: Case, found: Check) -> Commit | None:
    """Return the commit that a failed check makes; None where it did not fail."""
    if found.asked_by:
        return roll_back(case, f"asked for by {found.asked_by}", found)
    if found.failure is None:
        return None
    failed = case.record.failed_checks + 1
    reason = f"{found.failure} ({failed} of {case.spec.threshold})"
    if failed >= case.spec.threshold:
        return roll_back(case, reason, found)
    return halt(case, found, failed, reason)

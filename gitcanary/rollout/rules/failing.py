"""What is live fails its checks."""

from gitcanary.rollout.case import Case
from gitcanary.rollout.checks import Check
from gitcanary.rollout.decision import Ask, Commit
from gitcanary.rollout.due import due_check
from gitcanary.rollout.moves import halt, roll_back


def failing(case: Case) -> Ask | Commit | None:
    """Count a failed check, and roll back at once when there are as many as the threshold.

    Only failures of what is live count: traffic of this revision, or the webhooks before its first step. A check
    that was counted is not counted again, and one that waits for its webhooks' answers holds up nothing that goes
    back.
    """
    found = due_check(case)
    return count(case, found) if isinstance(found, Check) else found


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

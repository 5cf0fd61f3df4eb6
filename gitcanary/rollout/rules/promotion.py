"""Promoting: the primary takes the new values, and then all traffic; or the old ones, if that failed."""

from gitcanary.rollout.case import Case, is_live, lasted
from gitcanary.rollout.decision import Ask, Commit, For, Wait
from gitcanary.rollout.moves import end_restoring, finish
from gitcanary.rollout.waits import ASK_LIVE, wait_for_live, wait_for_ready


def promotion(case: Case) -> Ask | Commit | Wait:
    """Finish once the primary serves the promoted values; end a failed promotion once it serves the old ones."""
    live = case.evidence.live
    if live is None:
        return ASK_LIVE
    if not is_live(live):
        return wait_for_live(case, live)
    if live.primary_ready is False:
        return stuck(case) if case.record.restoring else wait_for_ready(case, live, "the primary")
    if case.record.restoring:
        return end_restoring(case)
    return finish(case, "", promoted=case.promotable)


def stuck(case: Case) -> Wait:
    """Wait for a restored primary that does not become ready: only a person may send it the traffic."""
    late = lasted(case.record.since, case.now, case.spec.progress_deadline)
    return Wait(For.READY, "the restored primary is not ready; `abort` sends it all traffic", is_overdue=late)

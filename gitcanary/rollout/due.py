"""The check of what is live that is due now: what `failing` judges, and what whoever decides after it has seen too."""

from gitcanary.rollout.case import WATCHED, Case
from gitcanary.rollout.checks import Check, check
from gitcanary.rollout.decision import Ask
from gitcanary.rollout.evidence import Live, LiveQuestion
from gitcanary.rollout.pace import due_beat
from gitcanary.rollout.state import Phase


def due_check(case: Case) -> Ask | Check | None:
    """Ask what the due check needs, or return it; None where none is due."""
    if case.record.phase not in WATCHED or case.record.restoring or not case.holds_recorded_revision:
        return None
    live = case.evidence.live
    if live is None:
        return Ask(frozenset({LiveQuestion()}))
    beat = due_beat(case, live)
    return check(case, beat, live) if beat is not None and has_something_to_judge(case, live) else None


def passed(case: Case) -> Check | None:
    """Return the due check that did not fail, for the record of whatever is decided all the same.

    It is counted with that decision: without it, nobody could decide the same again from the record.
    """
    found = due_check(case)
    return found if isinstance(found, Check) else None


def has_something_to_judge(case: Case, live: Live) -> bool:
    """Tell whether the live canary is this revision and gets traffic, or is ready for its first step's webhooks."""
    if live.placed is None or live.placed.canary != case.record.revision:
        return False
    if live.placed.weight:
        return True
    return case.record.phase is Phase.PROGRESSING and live.canary_ready is not False

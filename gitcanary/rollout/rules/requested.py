"""A person asks for something in the record."""

from gitcanary.rollout.case import Case, is_live
from gitcanary.rollout.decision import Ask, Commit
from gitcanary.rollout.evidence import LiveQuestion
from gitcanary.rollout.moves import OUTRUN, answer, end_restoring, pause, release, resume, roll_back
from gitcanary.rollout.state import AT_REST, Phase, Verb

UNDERWAY = frozenset({Phase.WAITING, Phase.PROGRESSING, Phase.WAITING_PROMOTION, Phase.PROMOTING})
BEFORE_PROMOTION = UNDERWAY - {Phase.PROMOTING}
VERBS = ", ".join(verb.value for verb in Verb)


def requested(case: Case) -> Ask | Commit | None:
    """Do what is asked as soon as it may be done; say why not where it makes no sense."""
    if case.record.request is None:
        return None
    match case.record.request.verb:
        case Verb.PAUSE:
            opinion = answer(case, "already paused") if case.record.paused else pause(case, requester(case))
        case Verb.ABORT:
            opinion = abort(case)
        case Verb.RESUME:
            return go_on(case)
        case Verb.RETRY:
            return retry(case)
        case Verb.PROMOTE | Verb.SKIP_ANALYSIS:
            return refuse_hurry(case)
        case _:
            opinion = answer(case, f"no such request; there are {VERBS}")
    return opinion


def refuse_hurry(case: Case) -> Commit | None:
    """Say why there is nothing to promote; None where `step` sees to it, or a restart will answer."""
    if case.record.phase not in BEFORE_PROMOTION:
        return answer(case, f"nothing to promote while {case.record.phase}")
    if case.record.phase is Phase.WAITING and not case.holds_recorded_revision:
        return answer(case, OUTRUN)
    return None


def requester(case: Case) -> str:
    """Return who asked, as the commit that changed the record says."""
    touch = case.state.request_touch
    return touch.by if touch else "unknown"


def abort(case: Case) -> Commit:
    """Roll back as if by failed checks; force the end of a restoration that does not get ready."""
    if case.record.phase not in UNDERWAY:
        return answer(case, f"nothing to abort while {case.record.phase}")
    return end_restoring(case) if case.record.restoring else roll_back(case, "aborted on request")


def go_on(case: Case) -> Ask | Commit | None:
    """End a pause or a hold once the pending commit is live."""
    if case.record.paused is None and case.record.hold is None:
        return answer(case, "neither paused nor held")
    if case.evidence.live is None:
        return Ask(frozenset({LiveQuestion()}))
    return resume(case, "on request") if is_live(case.evidence.live) else None


def retry(case: Case) -> Commit | None:
    """Take the revision out of the quarantine, when idle."""
    if case.record.phase not in AT_REST:
        return None
    if not case.record.is_quarantined(case.state.revision.digest):
        return answer(case, "the present revision is not in the quarantine")
    return release(case)

"""A person asks for something in the record."""

from dataclasses import replace

from gitcanary.rollout.case import Case, is_live
from gitcanary.rollout.decision import Ask, Commit
from gitcanary.rollout.evidence import LiveQuestion
from gitcanary.rollout.moves import OUTRUN, end_restoring, roll_back
from gitcanary.rollout.people import adopt, answer, asked, pause, release, resume
from gitcanary.rollout.state import AT_REST, Phase, Verb

UNDERWAY = frozenset({Phase.WAITING, Phase.PROGRESSING, Phase.WAITING_PROMOTION, Phase.PROMOTING})
BEFORE_PROMOTION = UNDERWAY - {Phase.PROMOTING}
VERBS = ", ".join(verb.value for verb in Verb)


def requested(case: Case) -> Ask | Commit | None:
    """Do what is asked as soon as it may be done, naming who asks; say why not where it makes no sense."""
    if case.record.request is None:
        return None
    opinion = heard(case, case.record.request.verb)
    return replace(opinion, asked=asked(case)) if isinstance(opinion, Commit) else opinion


def heard(case: Case, verb: str) -> Ask | Commit | None:
    """Return what a request leads to; None where it waits, or a later rule sees to it."""
    match verb:
        case Verb.PROMOTE | Verb.SKIP_ANALYSIS:
            return refuse_hurry(case)
        case Verb.RESUME:
            return go_on(case)
        case Verb.RETRY:
            return retry(case)
        case _:
            return heard_at_once(case, verb)


def heard_at_once(case: Case, verb: str) -> Commit:
    """Return the commit that a request leads to which never waits."""
    match verb:
        case Verb.PAUSE:
            return answer(case, "already paused") if case.record.paused else pause(case, requester(case))
        case Verb.ABORT:
            return abort(case)
        case Verb.ADOPT:
            return adopt(case) if has_something_to_adopt(case) else answer(case, "nothing to adopt: all is as recorded")
        case _:
            return answer(case, f"no such request; there are {VERBS}")


def has_something_to_adopt(case: Case) -> bool:
    """Tell whether a person wrote, or put back, what only gitcanary writes, or a hold asks about it."""
    touch = case.state.record_touch
    return case.record.hold is not None or case.has_edited_weight or (touch is not None and not touch.is_ours)


def refuse_hurry(case: Case) -> Commit | None:
    """Say why there is nothing to promote; None where `step` sees to it, or a restart will answer."""
    if case.record.phase not in BEFORE_PROMOTION:
        return answer(case, f"nothing to promote while {case.record.phase}")
    if case.record.phase is Phase.WAITING and not case.holds_recorded_revision:
        return answer(case, OUTRUN)
    return None


def requester(case: Case) -> str:
    """Return who asks, in words that may stand in a commit."""
    return who.by if (who := asked(case)) else ""


def abort(case: Case) -> Commit:
    """Roll back as if by failed checks; force the end of a restoration that does not get ready."""
    if case.record.phase not in UNDERWAY:
        return answer(case, f"nothing to abort while {case.record.phase}")
    return end_restoring(case) if case.record.restoring else roll_back(case, f"aborted by {requester(case)}")


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

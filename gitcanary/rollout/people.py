"""Each kind of commit that people cause: holds, and what they ask for."""

from dataclasses import replace

from gitcanary.rollout.asked import LONGEST_NAME, LONGEST_REASON, Asked, plain
from gitcanary.rollout.case import Case
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.moves import revise
from gitcanary.rollout.state import AT_REST, Action, Hold, Pause, Record, Touch


def asked(case: Case) -> Asked | None:
    """Return who asked for what is in the record's request, as the commit says that put it there."""
    request, touch = case.record.request, case.state.request_touch
    if request is None:
        return None
    by = plain(touch.by, LONGEST_NAME) if touch else ""
    return Asked(by or "somebody", touch.commit if touch else None, plain(request.reason or "", LONGEST_REASON))


def hold(case: Case, reason: str, touch: Touch | None) -> Commit:
    """Stop until a person decides, and name the commit that made it necessary."""
    found = Hold(reason, touch.commit if touch else None, touch.by if touch else None, case.now)
    return Commit(Action.HOLD, replace(revise(case), hold=found), reason)


def pause(case: Case, by: str) -> Commit:
    """Stop every move but the way back, because a person asked for it."""
    reason = case.record.request.reason if case.record.request else None
    record = replace(revise(case), paused=Pause(by, reason, case.now), request=None, answer=None)
    return Commit(Action.PAUSE, record)


def resume(case: Case, reason: str) -> Commit:
    """Go on from where things are: a weight that a person wrote in mid-run is taken as it is."""
    return Commit(Action.RESUME, replace(taken_as_it_is(case), paused=None), reason)


def adopt(case: Case) -> Commit:
    """Take what stands for where the rollout stands, whoever wrote it. A pause stays."""
    return Commit(Action.ADOPT, taken_as_it_is(case))


def taken_as_it_is(case: Case) -> Record:
    """Return the record with the weight that the files hold, and without what a person was asked."""
    weight = case.record.weight if case.record.phase in AT_REST else case.weight
    since = case.record.since if weight == case.record.weight else case.now
    return replace(revise(case), hold=None, weight=weight, since=since, request=None, answer=None)


def let_go(case: Case, reason: str) -> Commit:
    """End a hold because its cause is gone; whatever else a person asked for stays."""
    return Commit(Action.RESUME, replace(revise(case), hold=None), reason)


def release(case: Case) -> Commit:
    """Take the target's revision out of the quarantine, because a person asked to try it again."""
    revision = case.state.revision.digest
    rest = tuple(entry for entry in case.record.quarantine if entry.revision != revision)
    record = replace(revise(case), quarantine=rest, request=None, answer=None)
    return Commit(Action.RESUME, record, "taken out of the quarantine")


def answer(case: Case, text: str) -> Commit:
    """Say to a person why a request makes no sense now, and clear it."""
    return Commit(Action.ANSWER, replace(revise(case), request=None, answer=text), text)

"""A person edited what gitcanary wrote: an instruction, so it stops and asks what is meant."""

from dataclasses import replace

from gitcanary.rollout.case import Case
from gitcanary.rollout.decision import Commit, Wait
from gitcanary.rollout.moves import roll_back
from gitcanary.rollout.people import hold, let_go
from gitcanary.rollout.rules.rest import rest
from gitcanary.rollout.state import AT_REST, Touch, Verb

WEIGHTS = "weights edited"


def tampered(case: Case) -> Commit | None:
    """Hold a rollout whose record, weights or primary somebody edited; let go when the weights were put back.

    Who asks to adopt what stands there knows of it already.
    """
    if case.state.reverted is not None:
        return blame(case, case.state.reverted)
    if case.asks_for(Verb.ADOPT):
        return None
    if case.record.hold is None:
        return find_edit(case)
    is_put_back = case.record.hold.reason.startswith(WEIGHTS) and not case.has_edited_weight
    return let_go(case, "the weights were put back") if is_put_back and case.record.phase not in AT_REST else None


def blame(case: Case, revision: str) -> Commit:
    """Roll back a revision whose promotion somebody reverted, whatever the record that came back says."""
    reverted = replace(case, record=replace(case.record, revision=revision))
    return roll_back(reverted, f"its promotion was reverted{name(case.state.record_touch)}")


def find_edit(case: Case) -> Commit | None:
    """Return the hold for an edit, if there is one. What a person wrote in the record is not believed meanwhile."""
    if case.state.primary_touch is not None:
        touch: Touch | None = case.state.primary_touch
        return hold(case, f"primary edited{name(touch)}", touch)
    if case.has_edited_weight:
        touch = case.state.weight_touch
        found = case.state.placed.weight
        edit = f"{case.record.weight} -> {'not routed' if found is None else found}"
        return hold(case, f"{WEIGHTS}{name(touch)}, {edit}", touch)
    if case.state.is_record_edited and not is_undisturbed(case):
        touch = case.state.record_touch
        return hold(case, f"record edited{name(touch)}", touch)
    return None


def is_undisturbed(case: Case) -> bool:
    """Tell whether a canary is at rest and nothing is to be done: an edit of its record is nobody's trouble yet."""
    return case.record.phase in AT_REST and isinstance(rest(case), Wait)


def name(touch: Touch | None) -> str:
    """Return how a commit is named in a sentence."""
    return f" in {touch.commit[:7]}" if touch else ""

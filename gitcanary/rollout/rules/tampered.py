"""A person edited what gitcanary wrote: an instruction, so it stops and asks what is meant."""

from dataclasses import replace

from gitcanary.rollout.case import Case
from gitcanary.rollout.decision import Commit
from gitcanary.rollout.moves import hold, let_go, roll_back
from gitcanary.rollout.state import AT_REST, Phase, Touch

WEIGHTS = "weights edited"


def tampered(case: Case) -> Commit | None:
    """Hold a rollout whose record, weights or primary somebody edited; let go when the weights were put back."""
    if case.state.reverted is not None:
        return blame(case, case.state.reverted)
    if case.state.primary_touch is not None and case.record.hold is None:
        touch = case.state.primary_touch
        return hold(case, f"primary edited{name(touch)}", touch)
    weight = case.state.placed.weight
    if case.record.phase in AT_REST:
        return None
    is_edited = weight != case.record.weight and case.record.phase is not Phase.INITIALIZING
    if case.record.hold is None:
        return find_edit(case, is_edited=is_edited)
    if case.record.hold.reason.startswith(WEIGHTS) and not is_edited:
        return let_go(case, "the weights were put back")
    return None


def blame(case: Case, revision: str) -> Commit:
    """Roll back a revision whose promotion somebody reverted, whatever the record that came back says."""
    reverted = replace(case, record=replace(case.record, revision=revision))
    return roll_back(reverted, f"its promotion was reverted{name(case.state.record_touch)}")


def find_edit(case: Case, *, is_edited: bool) -> Commit | None:
    """Return the hold for an edit, if there is one."""
    touch = case.state.record_touch
    if touch is not None and not touch.is_ours:
        return hold(case, f"record edited{name(touch)}", touch)
    if is_edited:
        touch = case.state.weight_touch
        found = case.state.placed.weight
        edit = f"{case.record.weight} -> {'not routed' if found is None else found}"
        return hold(case, f"{WEIGHTS}{name(touch)}, {edit}", touch)
    return None


def name(touch: Touch | None) -> str:
    """Return how a commit is named in a sentence."""
    return f" in {touch.commit[:7]}" if touch else ""

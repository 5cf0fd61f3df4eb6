"""Progressing: the canary's weight rises while what is live passes."""

from dataclasses import replace

from gitcanary.rollout.asked import Asked
from gitcanary.rollout.case import Case, is_live
from gitcanary.rollout.checks import Check, check
from gitcanary.rollout.decision import Ask, Commit, Wait
from gitcanary.rollout.due import passed
from gitcanary.rollout.evidence import Live
from gitcanary.rollout.gates import Gate, ask_gate
from gitcanary.rollout.moves import HURRIES, advance, promote, restart, see, start, wait
from gitcanary.rollout.pace import Beat, due_beat
from gitcanary.rollout.people import asked
from gitcanary.rollout.spec import HookType
from gitcanary.rollout.state import Phase, Verb
from gitcanary.rollout.strategies import canary
from gitcanary.rollout.waits import ASK_LIVE, wait_for_check, wait_for_gate, wait_for_live, wait_for_ready


def step(case: Case) -> Ask | Commit | Wait:
    """Check what is live, and move on when it approves."""
    live = case.evidence.live
    if live is None:
        return ASK_LIVE
    if case.lacks_its_values:
        return fill(case, live)
    if not is_live(live):
        return wait_for_live(case, live)
    return step_when_ready(case, live)


def fill(case: Case, live: Live) -> Commit | Wait:
    """Give the canary its values once weight 0 was seen live; take its weight first where it has any."""
    if case.weight:
        return restart(case, "the canary holds other values than those that are rolled out")
    return start(case, None) if is_live(live) else wait_for_live(case, live)


def step_when_ready(case: Case, live: Live) -> Ask | Commit | Wait:
    """Check both workloads, and what is measured."""
    if live.canary_ready is False:
        return wait_for_ready(case, live, "the canary")
    if live.primary_ready is False:
        return wait_for_ready(case, live, "the primary")
    if reason := reason_to_skip(case):
        return replace(promote(case, see(case, passed(case)), case.promotable, reason), asked=hurried_by(case))
    return check_and_rise(case, live)


def reason_to_skip(case: Case) -> str:
    """Return why readiness alone is enough to promote; empty where it is not."""
    if case.spec.skips_analysis:
        return "analysis skipped by the spec"
    if case.asks_for(Verb.SKIP_ANALYSIS):
        return "analysis skipped on request"
    return "promoted before, so without analysis" if case.was_promoted(case.record.revision) else ""


def hurried_by(case: Case) -> Asked | None:
    """Return who asked to promote, where a request to do so is what ends here."""
    return asked(case) if any(case.asks_for(verb) for verb in HURRIES) else None


def check_and_rise(case: Case, live: Live) -> Ask | Commit | Wait:
    """Check once an interval; `failing` has already counted what failed."""
    beat = due_beat(case, live)
    if beat is None:
        return wait_for_check(case, live, None)
    found = check(case, beat, live)
    if isinstance(found, Ask):
        return found
    return rise(case, beat, found) if found.approves else wait_for_check(case, live, found)


def rise(case: Case, beat: Beat, found: Check) -> Ask | Commit | Wait:
    """Pass the gates that stand before the next weight, or before the promotion."""
    if case.asks_for(Verb.PROMOTE):
        hurried = promote(case, see(case, found), case.promotable, "remaining steps skipped on request")
        return replace(hurried, asked=hurried_by(case))
    weight = canary.next_weight(case.spec, case.weight)
    if case.record.phase is Phase.WAITING_PROMOTION:
        return confirm_promotion(case, beat, found)
    gate = ask_gate(case, HookType.CONFIRM_TRAFFIC_INCREASE, beat)
    if isinstance(gate, Ask):
        return gate
    if not gate.is_open:
        is_noted = case.record.waiting is not None or not gate.is_closed
        return wait_for_gate(case, gate, beat) if is_noted else wait(case, case.record.phase, found, gate)
    return confirm_promotion(case, beat, found, gate) if weight is None else advance(case, weight, found, gate)


def confirm_promotion(case: Case, beat: Beat, found: Check, before: Gate | None = None) -> Ask | Commit | Wait:
    """Pass the last gate, and keep what the one `before` it answered; note once that it is closed."""
    gate = ask_gate(case, HookType.CONFIRM_PROMOTION, beat)
    if isinstance(gate, Ask):
        return gate
    if gate.is_open:
        return promote(case, see(case, found, before, gate), case.promotable)
    if case.record.phase is Phase.WAITING_PROMOTION or not gate.is_closed:
        return wait_for_gate(case, gate, beat)
    return wait(case, Phase.WAITING_PROMOTION, found, gate, before)

"""At rest: a new revision starts, an outstanding scale-down is done, or there is nothing to do."""

from datetime import datetime

from gitcanary.rollout.case import Case, is_live
from gitcanary.rollout.decision import Ask, Commit, For, Wait
from gitcanary.rollout.gates import ask_gate
from gitcanary.rollout.moves import finish, revise, scale_down, start, wait
from gitcanary.rollout.pace import steady_beat
from gitcanary.rollout.spec import HookType
from gitcanary.rollout.state import Action, Phase, Verb
from gitcanary.rollout.waits import ASK_LIVE, wait_for_gate, wait_for_live, wait_for_ready


def rest(case: Case) -> Ask | Commit | Wait:
    """Start a new revision, take away pods that nobody uses any more, or wait for the next revision."""
    digest = case.state.revision.digest
    if digest == case.promoted_revision:
        return tidy(case) or Wait(For.REVISION, "a new revision")
    if case.record.is_quarantined(digest):
        return tidy(case) or Wait(For.REVISION, f"{digest[7:19]} is in the quarantine; `retry` tries it again")
    return begin(case)


def tidy(case: Case) -> Ask | Commit | Wait | None:
    """Do what is outstanding where nothing starts."""
    return take_pods(case) or render_again(case)


def render_again(case: Case) -> Commit | None:
    """Render what a changed spec describes; the plan commits nothing where that is what stands there already."""
    if case.record.spec == case.spec.blob or case.record.phase is Phase.FINALISING:
        return None
    return Commit(Action.ROUTE, revise(case), "the spec changed")


def begin(case: Case) -> Ask | Commit | Wait:
    """Start the new revision once weight 0 was seen live, the primary is ready, and the gate is open."""
    live = case.evidence.live
    if live is None:
        return ASK_LIVE
    if live.placed is None or live.placed.primary != case.state.placed.primary:
        return wait_for_live(case, live)
    if case.spec.has_source and case.weight:
        return finish(case, "the canary had weight again")  # its values come where there is no traffic
    if live.placed.weight != 0 and not case.weight:  # a weight that a person wrote meanwhile goes with the start
        return wait_for_live(case, live)
    if live.primary_ready is False:
        return wait_for_ready(case, live, "the primary")
    return confirm_rollout(case)


def confirm_rollout(case: Case) -> Ask | Commit | Wait:
    """Ask the first gate, unless a person skips it; note once that it is closed for this revision."""
    if case.asks_for(Verb.PROMOTE) or case.asks_for(Verb.SKIP_ANALYSIS):
        return start(case, None)
    beat = steady_beat(case, asked_since(case))
    gate = ask_gate(case, HookType.CONFIRM_ROLLOUT, beat)
    if isinstance(gate, Ask):
        return gate
    if gate.is_open:
        return start(case, gate)
    is_noted = case.record.phase is Phase.WAITING and case.holds_recorded_revision
    return wait_for_gate(case, gate, beat) if is_noted or not gate.is_closed else wait(case, Phase.WAITING, None, gate)


def asked_since(case: Case) -> datetime:
    """Return the origin of the times at which the first gate is asked."""
    return case.record.waiting.since if case.record.waiting else case.record.since


def take_pods(case: Case) -> Ask | Commit | Wait | None:
    """Scale the canary down where that is outstanding: traffic goes before capacity."""
    if not is_scale_down_outstanding(case):
        return None
    return take_weight(case) if case.weight else take_unused(case)


def take_unused(case: Case) -> Ask | Commit | Wait:
    """Take the pods away once 100/0 was seen live, and no earlier."""
    live = case.evidence.live
    if live is None:
        return ASK_LIVE
    if not is_live(live) or live.placed is None or live.placed.weight != 0:
        return wait_for_live(case, live)
    if live.primary_ready is False:
        return wait_for_ready(case, live, "the primary")
    gate = ask_gate(case, HookType.POST_ROLLOUT, steady_beat(case, case.record.since)) if was_rolled_out(case) else None
    if isinstance(gate, Ask):
        return gate
    return scale_down(case, gate)


def take_weight(case: Case) -> Commit | Wait:
    """Finish again where a person gave the canary weight since; elsewhere it is theirs to take away."""
    if case.record.phase is Phase.FINALISING:
        return finish(case, "the canary had weight again")
    return Wait(For.PERSON, "the canary keeps its pods while the weight that a person wrote is there", is_overdue=True)


def was_rolled_out(case: Case) -> bool:
    """Tell whether a rollout ended here, so that its `post-rollout` webhooks are called; onboarding has none."""
    return case.record.phase is not Phase.INITIALIZING


def is_scale_down_outstanding(case: Case) -> bool:
    """Tell whether the canary's pods are still there after a rollout; a number that a person wrote later stays."""
    if case.record.phase in {Phase.FINALISING, Phase.INITIALIZING}:
        return True
    return case.record.phase is Phase.FAILED and case.has_pods_to_take and case.record.replicas is None

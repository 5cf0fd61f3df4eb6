"""Onboarding: Initialize, Route, Scale down, each waiting until the one before is live and ready."""

from dataclasses import replace

from gitcanary.rollout.case import Case, is_live
from gitcanary.rollout.decision import Ask, Commit, For, Wait
from gitcanary.rollout.evidence import Evidence
from gitcanary.rollout.moves import revise
from gitcanary.rollout.rules.rest import rest
from gitcanary.rollout.spec import Spec
from gitcanary.rollout.state import Action, Observed, Phase, Promoted, Record, State
from gitcanary.rollout.waits import ASK_LIVE, wait_for_live, wait_for_ready

WHOLE = 100


def unrecorded(spec: Spec, state: State, evidence: Evidence) -> Commit | Wait:
    """Initialize a canary that has no record; report one whose record is missing although it was there."""
    if state.is_record_lost or (state.placed.primary is not None and not spec.is_declared):
        return Wait(
            For.PERSON, "the record is missing although a primary exists; `adopt` puts it back", is_overdue=True
        )
    if spec.is_suspended:
        return Wait(For.PERSON, "suspended in the spec")
    return initialize(spec, state, evidence)


def initialize(spec: Spec, state: State, evidence: Evidence) -> Commit:
    """Create the primary from the present values, which users are on already; or take on the one that is there."""
    is_there = state.existing is not None
    revision = state.existing or state.revision
    promoted = Promoted(revision.digest, revision.source, evidence.now, "primary" if is_there else "canary")
    is_done = is_there and state.placed.weight == 0 and not (state.is_scalable and state.placed.replicas)
    record = Record(
        canary=f"{spec.namespace}/{spec.name}",
        phase=Phase.INITIALIZED if is_done else Phase.INITIALIZING,
        weight=0,
        since=evidence.now,
        revision=revision.digest,
        source=revision.source,
        spec=spec.blob,
        evidence=Observed(evidence.now, settle=spec.settle),
        promoted=(promoted,),
    )
    return Commit(Action.INITIALIZE, record, primary=None if is_there else promoted)


def onboard(case: Case) -> Ask | Commit | Wait:
    """Take the next of onboarding's commits. Before routing, a new revision is initialized again."""
    is_routed = case.state.placed.weight == 0
    if (is_routed or is_shared(case)) and not case.holds_recorded_revision:
        return rest(case)
    if not is_routed and not case.holds_recorded_revision and not case.spec.is_declared:
        return initialize(case.spec, case.state, case.evidence)
    live = case.evidence.live
    if live is None:
        return ASK_LIVE
    if not is_live(live):
        return wait_for_live(case, live)
    if live.primary_ready is False:
        return wait_for_ready(case, live, "the primary")
    return rest(case) if is_routed else route(case)


def is_shared(case: Case) -> bool:
    """Tell whether a person gave some of the traffic back to the target: then users are on the primary too.

    Not so at 100 %: whoever brings a VirtualService brings it so, and all users get what the target runs.
    """
    weight = case.state.placed.weight
    return not case.spec.is_declared and weight is not None and 0 < weight < WHOLE


def route(case: Case) -> Commit:
    """Send the apex through the primary; where nothing can be scaled, onboarding ends here."""
    phase = Phase.INITIALIZING if case.has_pods_to_take else Phase.INITIALIZED
    return Commit(Action.ROUTE, replace(revise(case), phase=phase, since=case.now), weight=0)

"""The order of the rules, and nothing else."""

from gitcanary.rollout.case import Case
from gitcanary.rollout.decision import Decision, For, Wait
from gitcanary.rollout.evidence import Evidence
from gitcanary.rollout.rules.failing import failing
from gitcanary.rollout.rules.forward import forward
from gitcanary.rollout.rules.gone import gone
from gitcanary.rollout.rules.onboard import unrecorded
from gitcanary.rollout.rules.other_revision import other_revision
from gitcanary.rollout.rules.paused import paused
from gitcanary.rollout.rules.requested import requested
from gitcanary.rollout.rules.tampered import tampered
from gitcanary.rollout.rules.unready import unready
from gitcanary.rollout.spec import Spec
from gitcanary.rollout.state import State

RULES = (tampered, requested, unready, failing, other_revision, paused, forward)
"""The first that has an opinion wins. What leads back stands above everything that may wait, for webhooks too."""


def consider(spec: Spec, state: State, evidence: Evidence) -> Decision:
    """Return the next questions, the next commit, or until when to wait and why.

    Pure: the same spec, state and evidence give the same decision. It is called again with the answers to what it
    asked; an `Ask` for something that was already asked means that the answer is still out.
    """
    if state.record is None:
        return unrecorded(spec, state, evidence)
    case = Case(spec, state, state.record, evidence)
    opinions = (rule(case) for rule in RULES)
    return next(opinion for opinion in opinions if opinion is not None)


def part(spec: Spec, state: State, evidence: Evidence) -> Decision:
    """Return what is done for a canary whose Canary was deleted; `spec` is the one of its last decision."""
    if state.record is None:
        return Wait(For.REVISION, "the Canary was deleted")
    return gone(Case(spec, state, state.record, evidence))

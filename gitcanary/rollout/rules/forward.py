"""The next step of a rollout that nothing stops."""

from typing import assert_never

from gitcanary.rollout.case import Case
from gitcanary.rollout.decision import Ask, Commit, Wait
from gitcanary.rollout.rules.onboard import onboard
from gitcanary.rollout.rules.promotion import promotion
from gitcanary.rollout.rules.rest import rest
from gitcanary.rollout.rules.step import step
from gitcanary.rollout.state import Phase


def forward(case: Case) -> Ask | Commit | Wait:
    """Return what the phase asks for. It always has an opinion, so it stands last."""
    match case.record.phase:
        case Phase.INITIALIZING:
            return onboard(case)
        case Phase.TERMINATED if case.state.placed.weight is None:
            return onboard(case)
        case Phase.INITIALIZED | Phase.SUCCEEDED | Phase.FAILED | Phase.TERMINATED | Phase.FINALISING | Phase.WAITING:
            return rest(case)
        case Phase.PROGRESSING | Phase.WAITING_PROMOTION:
            return step(case)
        case Phase.PROMOTING:
            return promotion(case)
        case _:
            assert_never(case.record.phase)

"""The Canary was deleted."""

from gitcanary.rollout.case import Case
from gitcanary.rollout.decision import Commit, For, Wait
from gitcanary.rollout.moves import terminate
from gitcanary.rollout.state import Phase


def gone(case: Case) -> Commit | Wait:
    """Take the weight back once, then keep hands off. The spec is the one of the last decision."""
    if case.record.phase is Phase.TERMINATED:
        return Wait(For.REVISION, "the Canary was deleted")
    return terminate(case, "its Canary was deleted")

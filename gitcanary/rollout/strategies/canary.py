"""The weighted canary: a growing share of the requests."""

from gitcanary.rollout.spec import Spec


def next_weight(spec: Spec, weight: int) -> int | None:
    """Return the smallest configured weight above the present one; None at or above the last: promote.

    So an edit of the steps in mid-run never resets anything.
    """
    return next((step for step in spec.steps if step > weight), None)

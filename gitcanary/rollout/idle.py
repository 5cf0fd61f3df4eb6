"""Whether there is nothing to decide, told without looking at any history: an idle canary costs nothing."""

from gitcanary.rollout.spec import Spec
from gitcanary.rollout.state import Phase, Record


def is_idle(spec: Spec, record: Record, revision: str | None, weight: int | None) -> bool:
    """Tell whether `revision`, the target's, was promoted last, the spec is as it was, and nobody asks for anything.

    `weight` is the canary's as the files hold it: where it has any, a record that claims rest may be a forged one, and
    history is asked.
    """
    return (
        record.phase in {Phase.INITIALIZED, Phase.SUCCEEDED}
        and record.request is None
        and record.weight == weight == 0
        and record.spec == spec.blob
        and bool(record.promoted)
        and revision == record.promoted[0].revision
    )

"""Whether there is nothing to decide, told without looking at any history: an idle canary costs nothing."""

from gitcanary.rollout.spec import Spec
from gitcanary.rollout.state import Phase, Placed, Record


def is_idle(spec: Spec, record: Record, placed: Placed) -> bool:
    """Tell whether the target holds what was promoted last, the spec is as it was, and nobody asks for anything."""
    return (
        record.phase in {Phase.INITIALIZED, Phase.SUCCEEDED}
        and record.request is None
        and record.spec == spec.blob
        and bool(record.promoted)
        and placed.canary == record.promoted[0].revision
    )

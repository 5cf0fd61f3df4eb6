"""What the rules need of a Canary: about twenty-five of the eighty fields that Flagger's spec has.

`manifests.schema.canary_file` reads the whole spec and hands over this.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Builtin(StrEnum):
    """The metrics that need no query of their own."""

    SUCCESS_RATE = "request-success-rate"
    DURATION = "request-duration"


@dataclass(frozen=True, slots=True)
class Metric:
    """One measurement of the canary and the range that is allowed.

    `query` is the PromQL as Flagger 1.44 would send it for this canary; `builtin` says that it may be asked
    together with other canaries', grouped by `namespace` and `workload`. `server` is an address from the spec, None
    the operator's.
    """

    name: str
    query: str
    window: timedelta
    minimum: float | None
    maximum: float | None
    namespace: str
    workload: str
    builtin: Builtin | None = None
    server: str | None = None


class HookType(StrEnum):
    """The eight kinds of webhook, spelt as Flagger's."""

    CONFIRM_ROLLOUT = "confirm-rollout"
    PRE_ROLLOUT = "pre-rollout"
    ROLLOUT = "rollout"
    CONFIRM_TRAFFIC_INCREASE = "confirm-traffic-increase"
    CONFIRM_PROMOTION = "confirm-promotion"
    POST_ROLLOUT = "post-rollout"
    ROLLBACK = "rollback"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook of the spec. `timeout` is for each attempt; `retries` are attempts after the first."""

    name: str
    type: HookType
    url: str
    timeout: timedelta
    retries: int = 0
    metadata: tuple[tuple[str, str], ...] = ()
    verifies_tls: bool = True


class OnNoData(StrEnum):
    """What a metric without a value is: a reason to wait, or (Flagger's rule) a failed check."""

    WAIT = "wait"
    FAIL = "fail"


class OnRevert(StrEnum):
    """What happens to a revision that was promoted before: promoted at once, or analysed again."""

    PROMOTE = "promote"
    ANALYSE = "analyse"


@dataclass(frozen=True, slots=True)
class Spec:
    """A Canary, as far as the rules care.

    `blob` is the Git object id of its file. `steps` are the weights of the rollout, rising, in percent: the last
    one is where it promotes. `namespace` and `name` are the Canary's own; `target` is the canary's workload.
    `is_former` says that the Canary's file cannot be honoured as it is now: this is the spec of the last decision, and
    it leads nowhere but back. `is_declared` says that people's own workload is the primary, `has_source` that a
    revision is written at a place of its own, from which the canary gets it at weight 0.
    """

    namespace: str
    name: str
    target: str
    blob: str
    steps: tuple[int, ...]
    interval: timedelta
    threshold: int
    settle: timedelta
    sync_timeout: timedelta = timedelta(minutes=10)
    progress_deadline: timedelta = timedelta(seconds=600)
    metrics: tuple[Metric, ...] = ()
    hooks: tuple[Hook, ...] = ()
    skips_analysis: bool = False
    is_suspended: bool = False
    is_former: bool = False
    on_no_data: OnNoData = OnNoData.WAIT
    on_revert: OnRevert = OnRevert.PROMOTE
    is_declared: bool = False
    has_source: bool = False

    def hooks_of(self, kind: HookType) -> tuple[Hook, ...]:
        """Return the webhooks of one type, in the order of the spec."""
        return tuple(hook for hook in self.hooks if hook.type is kind)

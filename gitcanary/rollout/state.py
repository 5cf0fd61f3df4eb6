"""Where a rollout stands: the record as it is committed, and what Git itself knows about the tip."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Phase(StrEnum):
    """The phases of a rollout, spelt as Flagger's."""

    INITIALIZING = "Initializing"
    INITIALIZED = "Initialized"
    WAITING = "Waiting"
    PROGRESSING = "Progressing"
    WAITING_PROMOTION = "WaitingPromotion"
    PROMOTING = "Promoting"
    FINALISING = "Finalising"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    TERMINATED = "Terminated"


AT_REST = frozenset({Phase.INITIALIZED, Phase.SUCCEEDED, Phase.FAILED, Phase.TERMINATED})
IN_ANALYSIS = frozenset({Phase.PROGRESSING, Phase.WAITING_PROMOTION})


class Action(StrEnum):
    """What a commit does. The same word in code, log field, metric label, trailer and CLI."""

    INITIALIZE = "initialize"
    ROUTE = "route"
    START = "start"
    ADVANCE = "advance"
    HALT = "halt"
    WAIT = "wait"
    PROMOTE = "promote"
    FINISH = "finish"
    SCALE_DOWN = "scale-down"
    ROLLBACK = "rollback"
    RESTART = "restart"
    RESUME = "resume"
    PAUSE = "pause"
    HOLD = "hold"
    ADOPT = "adopt"
    ANSWER = "answer"


class Verb(StrEnum):
    """What a person may ask for in the record's `request`."""

    PAUSE = "pause"
    RESUME = "resume"
    PROMOTE = "promote"
    ABORT = "abort"
    RETRY = "retry"
    SKIP_ANALYSIS = "skip-analysis"
    ADOPT = "adopt"


@dataclass(frozen=True, slots=True)
class Step:
    """Which of the configured weights the canary is at. For readers; no rule reads it."""

    index: int
    of: int


@dataclass(frozen=True, slots=True)
class Promoted:
    """A revision that the primary ran, and the commit that holds its values.

    `side` tells at whose location in that commit they stand: the canary's, or (declared layouts) the primary's, or the
    place where a revision is written first.
    """

    revision: str
    source: str
    at: datetime
    side: str = "canary"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A revision that is not tried again until somebody removes it."""

    revision: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """The gate that was found closed, by its webhook's type, and since when."""

    gate: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a person must act: what was found, in which commit, by whom."""

    reason: str
    commit: str | None
    by: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """Who paused the rollout, why, and since when."""

    by: str
    reason: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for, in the record."""

    verb: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SeenLive:
    """What the last decision saw live: the newest commit that changed a placed value, since when, and who said so."""

    commit: str
    since: datetime | None
    weight: int | None
    by: str
    status: str


@dataclass(frozen=True, slots=True)
class SeenReady:
    """Whether the workloads were ready; None where the gate does not know."""

    primary: bool | None
    canary: bool | None
    not_ready_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SeenMetric:
    """One metric as the last decision saw it."""

    name: str
    value: float | None
    minimum: float | None
    maximum: float | None
    window: timedelta
    until: datetime
    verdict: str


@dataclass(frozen=True, slots=True)
class SeenHook:
    """One webhook's answer as the last decision saw it; `status` is None where nothing answered."""

    name: str
    type: str
    status: int | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Observed:
    """What the last decision saw: all that deciding it again needs."""

    observed_at: datetime
    checked_at: datetime | None = None
    settle: timedelta | None = None
    live: SeenLive | None = None
    ready: SeenReady | None = None
    metrics: tuple[SeenMetric, ...] = ()
    webhooks: tuple[SeenHook, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """Where one canary's rollout stands, and why: the content of its `.rollout` file.

    `since` is the decision that last changed phase or weight; `clean_since` when this revision was seen live and
    ready at weight 0; `promoted` is newest first, three kept; `replicas` are the target's own while it is held at
    0; `spec` is the blob of the Canary's file at the last decision.
    """

    canary: str
    phase: Phase
    weight: int
    since: datetime
    revision: str
    source: str
    spec: str
    evidence: Observed
    iterations: int = 0
    step: Step | None = None
    clean_since: datetime | None = None
    promoted: tuple[Promoted, ...] = ()
    failed_checks: int = 0
    restoring: str | None = None
    waiting: Waiting | None = None
    hold: Hold | None = None
    paused: Pause | None = None
    replicas: int | None = None
    quarantine: tuple[Quarantined, ...] = ()
    request: Request | None = None
    answer: str | None = None

    def is_quarantined(self, revision: str) -> bool:
        """Tell whether a revision failed before and must not be tried again."""
        return any(entry.revision == revision for entry in self.quarantine)


@dataclass(frozen=True, slots=True)
class Revision:
    """What the canary's locations hold: the digest of the values, and the first-parent commit that brought them."""

    digest: str
    source: str


@dataclass(frozen=True, slots=True)
class Placed:
    """The values that gitcanary places, as one commit holds them.

    `weight` is the canary's, None while nothing goes through the primary; `canary` and `primary` are digests of the
    two workloads' values, None where there is none; `replicas` is the target's literal number, None where there is
    none to place.
    """

    weight: int | None
    canary: str | None
    primary: str | None
    replicas: int | None


@dataclass(frozen=True, slots=True)
class Awaited:
    """The newest commit that changed a placed value: what must become live. `committed_at` is its committer date."""

    commit: str
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class Touch:
    """The newest commit that touched something, and whose it is."""

    commit: str
    by: str
    is_ours: bool


@dataclass(frozen=True, slots=True)
class State:
    """One canary as the tip of the branch holds it.

    `path` is its folder. `record` is what is believed of the file: all of it where it is what we wrote once, else our
    own newest with the `request` and the `quarantine` of the file; `is_record_edited` where the file holds something
    else than our newest. `record_blob` is None with `record`. `is_scalable` says that the target has literal
    replicas and no autoscaler. `record_touch` is the newest commit that changed more of the record than `request`
    and `quarantine`; `weight_touch` the newest that changed the weights; `request_touch` the newest that changed
    the `request`; `primary_touch` the newest that changed the primary's values since our own last word.
    `reverted` is the revision whose Promote or Finish the newest commit to the record undid, where
    that commit is not ours. Without a record, `existing` is what a primary runs that people have (declared layouts),
    and `is_record_lost` tells that there was one.
    """

    path: str
    revision: Revision
    placed: Placed
    awaited: Awaited | None
    record: Record | None = None
    record_blob: str | None = None
    is_record_edited: bool = False
    is_scalable: bool = False
    primary_replicas: int | None = None
    record_touch: Touch | None = None
    weight_touch: Touch | None = None
    request_touch: Touch | None = None
    primary_touch: Touch | None = None
    reverted: str | None = None
    existing: Revision | None = None
    is_record_lost: bool = False

"""What can be asked about the world, and what is known of it at one instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gitcanary.rollout.spec import Hook, Metric
from gitcanary.rollout.state import Phase, Placed


class Verdict(StrEnum):
    """What one answer means. Only `fail` counts against the threshold."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class LiveQuestion:
    """Are the values at the tip live, and are the workloads ready?"""


@dataclass(frozen=True, slots=True)
class HookQuestion:
    """What does this webhook answer, in this check?

    `key` identifies the delivery (sha256 of path, revision, hook name, parent record blob and the check's number),
    so that the same question is never delivered twice by one process and a receiver can tell a repetition.
    """

    namespace: str
    canary: str
    revision: str
    phase: Phase
    hook: Hook
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class MetricQuestion:
    """What is the value of this metric now, in the check that was due at `at`?"""

    metric: Metric
    at: datetime


Question = LiveQuestion | HookQuestion | MetricQuestion


class LiveStatus(StrEnum):
    """Whether the values at the tip are live."""

    APPLIED = "applied"
    PENDING = "pending"
    BLOCKED = "blocked"
    INEFFECTIVE = "ineffective"


@dataclass(frozen=True, slots=True)
class Live:
    """What is live, as the sync gate sees it.

    `commit` is the newest commit that changed one of the live values and `placed` those values, both None where
    nobody knows; `since` is when they became live. Readiness is None where the gate cannot tell.
    """

    status: LiveStatus
    by: str
    commit: str | None = None
    since: datetime | None = None
    placed: Placed | None = None
    reason: str | None = None
    primary_ready: bool | None = None
    canary_ready: bool | None = None
    not_ready_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What a webhook answered: the HTTP status, or None and the trouble where nothing answered."""

    status: int | None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class MetricAnswer:
    """What a metric's query answered at the instant `until`.

    `value` is None, NaN or infinite where there is no data; `trouble` says why it could not be asked.
    """

    until: datetime
    value: float | None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known at the instant `now`.

    `begun` is the time of a check whose webhooks were already called: it is finished before a later one begins.
    """

    now: datetime
    live: Live | None = None
    hooks: Mapping[HookQuestion, HookAnswer] = field(default_factory=dict)
    metrics: Mapping[MetricQuestion, MetricAnswer] = field(default_factory=dict)
    begun: datetime | None = None

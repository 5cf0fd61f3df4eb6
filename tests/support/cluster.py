"""A cluster for one canary: a sync tool with a delay, workloads that may not get ready, and what is measured."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gitcanary.rollout.evidence import Live, LiveStatus, MetricAnswer
from gitcanary.rollout.spec import Metric
from gitcanary.rollout.state import Placed
from support.branch import Branch, Pushed
from support.canaries import DAWN


@dataclass
class Cluster:
    """What the sync tool applied of a branch, and what is to be seen of it. What a test wants otherwise is a field.

    `says` gives a metric's value by its name, whatever the traffic (None: no data; a string: the trouble in asking
    it). `bad` revisions fail every metric where they get traffic; `unready` and `crashing` hold since when a revision
    is not ready as canary and as primary.
    """

    now: datetime = DAWN
    branch: Branch = field(default_factory=Branch)
    sync_delay: timedelta = timedelta(seconds=20)
    is_syncing: bool = True
    is_seen: bool = True
    knows_readiness: bool = True
    says: dict[str, float | str | None] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    unready: dict[str, datetime] = field(default_factory=dict)
    crashing: dict[str, datetime] = field(default_factory=dict)
    applied: list[tuple[datetime, Pushed]] = field(default_factory=list)

    @property
    def live_placed(self) -> Placed | None:
        """What is truly applied, whoever sees it."""
        return self.applied[-1][1].placed if self.applied else None

    def sync(self) -> None:
        """Apply what the sync tool would have applied by now."""
        if not self.is_syncing:
            return
        since, newest = self.applied[-1] if self.applied else (DAWN, None)
        for pushed in self.branch.after(newest):
            if pushed.at + self.sync_delay <= self.now:
                since = max(since, pushed.at + self.sync_delay)
                self.applied.append((since, pushed))

    def resume_sync(self) -> None:
        """Let the sync tool apply what waits, from now on."""
        self.is_syncing = True
        if self.applied:
            self.applied.append((self.now, self.applied[-1][1]))

    def next_sync(self) -> datetime | None:
        """Return when the sync tool applies something next."""
        newest = self.applied[-1][1] if self.applied else None
        times = [pushed.at + self.sync_delay for pushed in self.branch.after(newest)]
        return min((time for time in times if self.is_syncing and time > self.now), default=None)

    def see_live(self) -> Live:
        """Return what the sync gate sees."""
        if not self.is_seen or not self.applied:
            return Live(LiveStatus.PENDING, "world", reason="nobody knows")
        pushed = self.applied[-1][1]
        primary, canary = self._down_since(pushed.placed) if self.knows_readiness else (None, None)
        return Live(
            LiveStatus.APPLIED if pushed.placed == self.branch.tip.placed else LiveStatus.PENDING,
            "world",
            commit=self.branch.changed(lambda placed: placed, until=pushed).commit,
            since=self._live_since(),
            placed=pushed.placed,
            primary_ready=primary is None if self.knows_readiness else None,
            canary_ready=canary is None if self.knows_readiness else None,
            not_ready_since=min((when for when in (primary, canary) if when is not None), default=None),
        )

    def measure(self, metric: Metric, until: datetime) -> MetricAnswer:
        """Return what Prometheus answers: bad if a bad revision got traffic within the window, nothing without any."""
        if metric.name in self.says:
            said = self.says[metric.name]
            return MetricAnswer(until, None, said) if isinstance(said, str) else MetricAnswer(until, said)
        served = self._served(until - metric.window, until)
        if not served:
            return MetricAnswer(until, None)
        limit, worse = (metric.minimum, -1) if metric.minimum is not None else (metric.maximum or 0, 1)
        return MetricAnswer(until, limit + worse if served & self.bad else limit)

    def _live_since(self) -> datetime:
        """Return since when the live values are live without a break."""
        since, newest = self.applied[-1]
        for when, pushed in reversed(self.applied):
            if pushed.placed != newest.placed:
                break
            since = when
        return since

    def _down_since(self, placed: Placed) -> tuple[datetime | None, datetime | None]:
        """Return since when primary and canary are not ready; None where they are, or have no pods."""
        canary = self.unready.get(placed.canary or "") if placed.replicas != 0 else None
        return self.crashing.get(placed.primary or ""), canary

    def _served(self, begin: datetime, end: datetime) -> set[str]:
        """Return the revisions that got traffic as canary at some time between two instants."""
        ends = [*(when for when, _ in self.applied[1:]), end]
        spans = zip(self.applied, ends, strict=True) if self.applied else ()
        return {
            pushed.placed.canary
            for (start, pushed), stop in spans
            if stop > begin and start < end and pushed.placed.weight and pushed.placed.canary
        }

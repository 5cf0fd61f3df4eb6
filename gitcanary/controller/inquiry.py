"""What was asked for one canary, and what has been answered so far."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime

from gitcanary.rollout.evidence import Evidence, HookAnswer, HookQuestion, Live, MetricAnswer, MetricQuestion
from gitcanary.rollout.spec import Metric
from gitcanary.rollout.state import State

Batch = Future[Mapping[Metric, MetricAnswer]]


@dataclass
class Inquiry:
    """The questions of one canary's present check.

    It belongs to one state of the canary's own files: once its record, its spec or a placed value changed, it begins
    anew. What others push does not touch it, so a race costs no second query.
    """

    about: object
    live: Live | None = None
    hooks: dict[HookQuestion, HookAnswer] = field(default_factory=dict)
    metrics: dict[MetricQuestion, MetricAnswer] = field(default_factory=dict)
    calls: dict[HookQuestion, Future[HookAnswer]] = field(default_factory=dict)
    queries: dict[MetricQuestion, Batch] = field(default_factory=dict)
    kept_until: datetime | None = None

    def begin(self, now: datetime) -> None:
        """Take the answers that came since the last round, and drop those of a check that is over."""
        self.collect()
        self.live = None
        if self.kept_until is not None and now >= self.kept_until and not self.is_waiting:
            self.hooks.clear()
            self.metrics.clear()
            self.kept_until = None

    def collect(self) -> None:
        """Take the answers of the questions that were answered."""
        for called in [question for question, call in self.calls.items() if call.done()]:
            self.hooks[called] = self.calls.pop(called).result()
        for asked in [question for question, query in self.queries.items() if query.done()]:
            self.metrics[asked] = self.queries.pop(asked).result()[asked.metric]

    def evidence(self, now: datetime) -> Evidence:
        """Return what is known now."""
        begun = min((question.at for question in (*self.calls, *self.hooks)), default=None)
        return Evidence(now, self.live, dict(self.hooks), dict(self.metrics), begun)

    @property
    def is_waiting(self) -> bool:
        """Whether a question was put that nobody answered yet."""
        return bool(self.calls or self.queries)


def what_counts(state: State, spec: str) -> object:
    """Return what an inquiry is about: the canary's own files, and nothing else of the branch."""
    return (state.record_blob, spec, state.placed, state.revision.digest)
